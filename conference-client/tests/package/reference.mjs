// Writes the reference of everything that index.ts exports, from its doc comments: node reference.mjs [FILE]
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const root = new URL('../../', import.meta.url).pathname;
const head = `# Reference of @buildit/conference-client

Generated from the doc comments by \`npm run reference\` in \`conference-client\`. How to begin is in the
[package's README](../conference-client/README.md), what it protects in [End-to-end encryption](end-to-end-encryption.md).
`;

export function reference() {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.json`, (path) => readFileSync(path, 'utf8')).config, ts.sys, root);
  const program = ts.createProgram([`${root}src/index.ts`], options);
  const checker = program.getTypeChecker();
  const index = checker.getSymbolAtLocation(program.getSourceFile(`${root}src/index.ts`));
  const parts = checker.getExportsOfModule(index).map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  parts.sort((one, other) => (one.name < other.name ? -1 : 1));
  return `${head}\n${parts.map((symbol) => describe(symbol)).join('\n')}`;
}

function describe(symbol) {
  const declaration = symbol.declarations[0];
  const lines = [`## ${symbol.name}`, '', ...paragraphs(declaration)];
  const shapes = ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration);
  if (!shapes) return [...lines, '```ts', signature(declaration), '```', ''].join('\n');
  lines.push('```ts', heading(declaration), '```', '');
  const members = declaration.members.filter((member) => !hidden(member));
  for (const member of members) lines.push(`- \`${signature(member)}\``, ...paragraphs(member).filter(Boolean).map((line) => `  ${line}`));
  return [...lines, ''].join('\n');
}

const hidden = (member) => (member.name && ts.isPrivateIdentifier(member.name)) || (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;

/** A declaration without its body. */
function signature(node) {
  const text = node.getText();
  const end = node.body ? node.body.getStart() - node.getStart() : text.length;
  return text.slice(0, end).replace(/\/\*\*.*?\*\//gs, '').replace(/^export /, '').replace(/;$/, '').replace(/\n\s*\n/g, '\n').replace(ts.isTypeAliasDeclaration(node) ? /$^/ : /\s+/g, ' ').trim();
}

function heading(node) {
  const name = ts.isClassDeclaration(node) ? 'class' : 'interface';
  return `${name} ${node.name.text}${(node.heritageClauses ?? []).map((clause) => ` ${clause.getText()}`).join('')}`;
}

/** What the doc comment says, its tags as sentences. */
function paragraphs(node) {
  const lines = [];
  for (const comment of ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)) {
    const text = ts.getTextOfJSDocComment(comment.comment);
    if (text) lines.push(...text.split('\n'), '');
    for (const tag of comment.tags ?? []) {
      const about = ts.getTextOfJSDocComment(tag.comment) ?? '';
      lines.push(ts.isJSDocParameterTag(tag) ? `\`${tag.name.getText()}\`: ${about}` : `Throws ${about}`, '');
    }
  }
  return lines;
}

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(process.argv[2] ?? `${root}../docs/conference-client.md`, reference());
