type Listeners<Events extends { [Name in keyof Events]: readonly unknown[] }> = { [Name in keyof Events]?: Set<(...values: Events[Name]) => void> };

/** Listeners by event, with the types of what each event brings. */
export class Emitter<Events extends { [Name in keyof Events]: readonly unknown[] }> {
  readonly #listeners: Listeners<Events> = {};

  on<Name extends keyof Events>(event: Name, listener: (...values: Events[Name]) => void): this {
    (this.#listeners[event] ??= new Set()).add(listener);
    return this;
  }

  off<Name extends keyof Events>(event: Name, listener: (...values: Events[Name]) => void): this {
    this.#listeners[event]?.delete(listener);
    return this;
  }

  protected emit<Name extends keyof Events>(event: Name, ...values: Events[Name]): void {
    for (const listener of [...(this.#listeners[event] ?? [])]) listener(...values);
  }
}
