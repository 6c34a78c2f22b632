import { describe, type Field } from "../fields.ts";
import { checkOptions } from "../options.ts";

const countMax = 2 ** 31 - 1;

/** Checks of options, whose errors begin with what could not be done. */
export class Checks {
  constructor(readonly action: string) {}

  refuse(name: string, allowed: string, value: unknown): RangeError {
    return new RangeError(`${this.action}: ${name} must be ${allowed}, got ${describe(value)}`);
  }

  object(name: string, value: unknown): void {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
    throw new TypeError(`${this.action}: ${name} must be an object, got ${describe(value)}`);
  }

  /** A name that is none is a typing error that nobody would notice. */
  names(options: object, allowed: readonly string[], prefix = ""): void {
    checkOptions(options, allowed, this.action.replace(/^Cannot /, ""), prefix);
  }

  count(name: string, value: unknown): number {
    if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= countMax) {
      return value as number;
    }
    throw this.refuse(name, `a positive integer up to ${countMax}`, value);
  }

  number(name: string, value: unknown, least: number, limit: number): number {
    if (typeof value === "number" && value >= least && value < limit && Number.isFinite(value)) return value;
    throw this.refuse(name, least === 0 ? "a finite number >= 0" : "a finite number", value);
  }

  boolean(name: string, value: unknown): boolean {
    if (typeof value === "boolean") return value;
    throw this.refuse(name, "true or false", value);
  }

  choice<const Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
    if ((choices as readonly string[]).includes(value)) return value as Choice;
    throw this.refuse(name, choices.join(" or "), value);
  }

  field(name: string, wanted: unknown, fields: readonly Field[]): Field {
    const found = fields.find((field) => field.name === wanted);
    if (found !== undefined) return found;
    const names = fields.map((field) => field.name).join(", ");
    throw new TypeError(`${this.action}: ${name} must be among the fields ${names}, got ${describe(wanted)}`);
  }
}
