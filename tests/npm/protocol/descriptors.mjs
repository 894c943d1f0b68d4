// Writes every message and enum of @livekit/protocol as one JSON object:
// { messages: { name: { number: { name, json, type, repeated, optional, oneof } } }, enums: { name: { number: value } } }
import * as protocol from "@livekit/protocol";

const scalars = {
  1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
  12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64",
};
const messages = {};
const enums = {};

function typeName(kind, type) {
  if (kind === "scalar") return scalars[type];
  visit(type);
  return type.typeName;
}

function visit(type) {
  if (type.values) {
    enums[type.typeName] ??= Object.fromEntries(type.values.map((v) => [v.no, v.name]));
    return;
  }
  if (messages[type.typeName]) return;
  const fields = (messages[type.typeName] = {});
  for (const field of type.fields.list()) {
    fields[field.no] = {
      name: field.name,
      json: field.jsonName,
      type: field.kind === "map"
        ? `map<${scalars[field.K]},${typeName(field.V.kind, field.V.T)}>`
        : typeName(field.kind, field.T),
      repeated: field.kind !== "map" && field.repeated,
      optional: !!field.opt,
      oneof: field.oneof?.name ?? "",
    };
  }
}

// Enums are exported as plain objects; those are reached through the fields that use them.
for (const value of Object.values(protocol)) if (value?.typeName && value.fields) visit(value);
process.stdout.write(JSON.stringify({ messages, enums }));
