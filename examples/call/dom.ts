/** An element of the page by its id. */
export const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

/** A new element with properties and children. Text is text: names and messages come from others. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}, ...children: (Node | string)[]) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A button that is off while what it does goes on, and says what went wrong. */
export function action(label: string, run: () => Promise<unknown>, failed: (problem: Error) => void) {
  const button = make('button', { type: 'button', textContent: label });
  button.onclick = () => {
    button.disabled = true;
    void run().catch(failed).finally(() => (button.disabled = false));
  };
  return button;
}
