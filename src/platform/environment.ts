import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/** A variable of the environment that the program cannot start with. The message names the variable and the rule. */
export class ConfigurationError extends Error {}

/**
 * The configuration, read from the environment. Each module asks for its own variables when it is built, so a wrong
 * one stops the start with a message that names it.
 */
export class Environment {
  constructor(private readonly variables: Readonly<Record<string, string | undefined>>) {}

  /** The process's own environment; a `.env` file beside the program fills in what is not set. */
  static ofProcess(): Environment {
    if (existsSync('.env')) loadEnvFile('.env');
    return new Environment(process.env);
  }

  /** @throws ConfigurationError when the variable is set to something that `rule` refuses */
  text(name: string, fallback: string, rule?: { matches: RegExp; says: string }): string {
    const value = this.variables[name]?.trim() || fallback;
    if (rule && !rule.matches.test(value)) throw new ConfigurationError(`${name} ${rule.says}, not "${value}"`);
    return value;
  }

  /** @throws ConfigurationError when the variable is set to anything but a whole number from `min` to `max` */
  wholeNumber(name: string, fallback: number, { min, max }: { min: number; max: number }): number {
    const text = this.variables[name]?.trim() || String(fallback);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new ConfigurationError(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
    }
    return value;
  }
}
