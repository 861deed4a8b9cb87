import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam, ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { isEmail, registerDecorator, ValidateNested, type ValidationArguments } from 'class-validator';
import { isDay } from '../../kernel/day';
import { Invalid } from '../../kernel/domain-error';
import { moneyFromDecimal, type Money } from '../../kernel/money';
import { isPlainObject, orNull, read, readWith, type Reader, type RequestClass } from './validation';

/** A field that may be left out. Null counts as left out. */
export interface Optional {
  optional?: boolean;
}

/** An optional field of a correction, which null removes. */
export interface Removable extends Optional {
  removable?: boolean;
}

/** What the description of the API says of a field. */
export interface Described {
  description?: string;
}

/** What is wrong with a value that is there: "must be a whole number". Undefined when nothing is. */
type Rule = (value: unknown, request: object) => string | undefined;

interface FieldOptions extends Removable {
  rule: Rule;
  /** What is wrong when an optional field is left out of this request. */
  missing?: (request: object) => string | undefined;
  reader?: Reader;
  api: ApiPropertyOptions;
}

/** One decorator for the three who need to know about a field: who reads it, who checks it, who documents it. */
function field({
  removable = false,
  optional = removable,
  rule,
  missing,
  reader,
  api,
}: FieldOptions): PropertyDecorator {
  const check = (value: unknown, request: object): string | undefined => {
    if (value === null && removable) return undefined;
    return value === undefined ? (optional ? missing?.(request) : 'is required') : rule(value, request);
  };
  return (prototype, property) => {
    const name = String(property);
    registerDecorator({
      name: 'rule',
      target: prototype.constructor,
      propertyName: name,
      validator: {
        validate: (value: unknown, args: ValidationArguments) => check(value, args.object) === undefined,
        defaultMessage: (args: ValidationArguments) => check(args.value, args.object) ?? '',
      },
    });
    if (removable) readWith(prototype, name, orNull(reader));
    else if (reader) readWith(prototype, name, reader);
    ApiProperty({ ...api, required: !optional, ...(removable ? { nullable: true } : {}) } as ApiPropertyOptions)(
      prototype,
      property,
    );
  };
}

const between = (min: number, max: number): string => (min === max ? `${min}` : `${min} to ${max}`);

const trimmed: Reader = (value) => (typeof value === 'string' ? value.trim() : value);

/** Characters as people count them, not UTF-16 units; counts no further than it has to. */
function hasLength(text: string, min: number, max: number): boolean {
  if (text.length > 2 * max || text.length < min) return false;
  if (text.length <= max && text.length >= 2 * min) return true;
  const length = [...text].length;
  return length >= min && length <= max;
}

const CONTROLS = /[\p{Cc}\u2028\u2029]/u;
const CONTROLS_BUT_LINES = /[^\P{Cc}\n\r\t]/u;

/**
 * Text, trimmed, of `min` (1) to `max` characters, counted as code points after trimming.
 * Without control characters: a single line, or with `multiline` several, tabs included.
 */
export function Text(options: { max: number; min?: number; multiline?: boolean } & Removable): PropertyDecorator {
  const { max, min = 1, multiline = false, optional, removable } = options;
  const controls = multiline ? CONTROLS_BUT_LINES : CONTROLS;
  const lines = multiline ? 'must not contain control characters' : 'must be a single line without control characters';
  return field({
    optional,
    removable,
    reader: trimmed,
    rule: (value) => {
      if (typeof value !== 'string') return 'must be text';
      if (!hasLength(value, min, max)) return `must be ${between(min, max)} characters long`;
      return controls.test(value) ? lines : undefined;
    },
    api: { type: String, minLength: min, maxLength: max },
  });
}

/** A JSON number without fraction, exact (at most 2^53 - 1), within `min` and `max`. No text. */
export function WholeNumber({ min, max, optional }: { min: number; max: number } & Optional): PropertyDecorator {
  const rule = wholeNumberRule(min, max);
  return field({ optional, rule, api: { type: 'integer', minimum: min, maximum: max } });
}

const wholeNumberRule =
  (min: number, max: number): Rule =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be a whole number from ${between(min, max)}`;

/** A JSON number, whole or not. What it may be depends on other fields, so the model says so. No text. */
export function AnyNumber({ optional }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    rule: (value) => (Number.isFinite(value) ? undefined : 'must be a number'),
    api: { type: Number },
  });
}

/** One of the given texts, written exactly so. */
export function OneOf(values: readonly string[], { optional }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    rule: (value) => (values.some((known) => known === value) ? undefined : `must be one of ${values.join(', ')}`),
    api: { type: String, enum: [...values] },
  });
}

/** The JSON value `true`: a word that has to be said, as nobody means it by accident. */
export function True({ optional }: Optional = {}): PropertyDecorator {
  const rule: Rule = (value) => (value === true ? undefined : 'must be true');
  return field({ optional, rule, api: { type: Boolean, enum: [true] } });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

/** A UUID of any version, held in lower case: ids are compared as text. */
export function Uuid({ optional }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    reader: (value) => (isUuid(value) ? value.toLowerCase() : value),
    rule: (value) => (isUuid(value) ? undefined : 'must be a UUID'),
    api: { type: String, format: 'uuid' },
  });
}

/** A list of `min` (0) to `max` UUIDs, held in lower case. */
export function Uuids({ min = 0, max, optional }: { min?: number; max: number } & Optional): PropertyDecorator {
  return field({
    optional,
    reader: (value) =>
      Array.isArray(value) && value.length <= max && value.every(isUuid) ? value.map((id) => id.toLowerCase()) : value,
    rule: (value) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        return `must be a list of ${between(min, max)} UUIDs`;
      }
      const wrong = value.findIndex((id) => !isUuid(id));
      return wrong < 0 ? undefined : `must be a list of UUIDs, which what is at [${wrong}] is not`;
    },
    api: { type: [String], format: 'uuid', minItems: min, maxItems: max },
  });
}

/** An e-mail address, trimmed, otherwise as written. */
export function Email({ optional }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    reader: trimmed,
    rule: (value) => (isWrittenTo(value) ? undefined : 'must be an e-mail address such as alice@example.com'),
    api: { type: String, format: 'email', maxLength: 254 },
  });
}

/** What is in quotes may become another address on its way through the mail, and with marks that nobody sees it looks like another. */
const isWrittenTo = (value: unknown): boolean => isEmail(value) && !/["\\<>()]|[\p{Cc}\p{Cf}]/u.test(value as string);

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** The moment that an RFC 3339 date-time names, or undefined: 30 February is not rolled over into March. */
function parseMoment(text: string): Date | undefined {
  const match = MOMENT.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1, 4).map(Number);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > lastDay) return undefined;
  const moment = new Date(text.toUpperCase());
  // The years that every database and every client can write: the zone may push a date over the edge.
  const inRange = moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999;
  return inRange ? moment : undefined;
}

/** An RFC 3339 date and time with its zone, held as a `Date` (so to the millisecond). */
export function Moment({ optional, removable }: Removable = {}): PropertyDecorator {
  return field({
    optional,
    removable,
    reader: (value) => (typeof value === 'string' ? (parseMoment(value) ?? value) : value),
    rule: (value) =>
      value instanceof Date ? undefined : 'must be a real date and time with its zone, such as 2026-12-24T18:00:00Z',
    api: { type: String, format: 'date-time' },
  });
}

/** An RFC 3339 full-date, held as it is written: days are UTC days. */
export function Day({ optional }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    rule: (value) => (typeof value === 'string' && isDay(value) ? undefined : 'must be a day such as 2026-12-24'),
    api: { type: String, format: 'date' },
  });
}

/** An object with the fields of another request class. */
export function Nested<T extends object>(
  type: () => RequestClass<T>,
  { optional, description }: Optional & Described = {},
): PropertyDecorator {
  return (prototype, property) => {
    ValidateNested()(prototype, property);
    field({
      optional,
      reader: (value, path, complaints) => (isPlainObject(value) ? read(type(), value, path, complaints) : value),
      rule: (value) => (value instanceof type() ? undefined : 'must be an object'),
      // Swagger takes a function for a promise of a class only if its name is `type`.
      api: { type: () => type(), description },
    })(prototype, property);
  };
}

/**
 * A list of `min` (0) to `max` objects with the fields of another request class.
 * Of a list that is too long nothing else is looked at: a million bad lines make one complaint.
 */
export function ListOf<T extends object>(
  type: () => RequestClass<T>,
  { min = 0, max, optional }: { min?: number; max: number } & Optional,
): PropertyDecorator {
  return (prototype, property) => {
    // class-validator goes into nested arrays as if they were the list itself, so they are taken out on reading.
    ValidateNested({ message: 'must be an object' })(prototype, property);
    field({
      optional,
      reader: (value, path, complaints) =>
        Array.isArray(value) && value.length <= max
          ? value.map((item, at) => (isPlainObject(item) ? read(type(), item, `${path}[${at}]`, complaints) : null))
          : value,
      rule: (value) => {
        if (!Array.isArray(value)) return 'must be a list';
        if (value.length >= min && value.length <= max) return undefined;
        return `must be a list of ${between(min, max)} ${max === 1 ? 'object' : 'objects'}`;
      },
      api: { type: () => [type()], minItems: min, maxItems: max },
    })(prototype, property);
  };
}

/** Which side of the kernel's rules for money a field is answerable for. */
const moneyRule =
  (name: 'amount' | 'currency'): Rule =>
  (value, request) => {
    if (name === 'amount' && typeof value !== 'number') return 'must be a number';
    if (name === 'currency' && typeof value !== 'string') return 'must be text';
    const { amount, currency } = request as MoneyRequest;
    const broken = brokenRule(typeof amount === 'number' ? amount : 0, currency);
    return broken?.path === `.${name}` ? broken.rule : undefined;
  };

/** What the kernel has to say against this money, at `.amount` or `.currency`. */
function brokenRule(amount: number | string, currency: string): Invalid | undefined {
  try {
    moneyFromDecimal(amount, currency, '');
    return undefined;
  } catch (error) {
    if (error instanceof Invalid) return error;
    throw error;
  }
}

/** Money as clients write it: `{ "amount": 12.99, "currency": "USD" }`. Without a currency it is US dollars. */
export class MoneyRequest {
  @field({ rule: moneyRule('amount'), api: { type: Number, minimum: 0, example: 12.99 } })
  amount: number;

  @field({
    rule: moneyRule('currency'),
    optional: true,
    api: { type: String, default: 'USD', example: 'USD', description: 'ISO 4217' },
  })
  currency = 'USD';

  /**
   * The amount in minor units.
   * @param path names the field in a complaint
   * @throws Invalid when the rules of money are broken, which in a validated request they are not
   */
  toMoney(path = 'price'): Money {
    return moneyFromDecimal(this.amount, this.currency, path);
  }
}

/** An amount of money, held as `MoneyRequest`. */
export const MoneyAmount = (options: Optional & Described = {}): PropertyDecorator =>
  Nested(() => MoneyRequest, options);

/** In a query string: a whole number, written in digits only, within `min` and `max`. */
export function QueryWholeNumber(
  options: { min: number; max: number; default?: number } & Optional,
): PropertyDecorator {
  const { min, max, optional } = options;
  return field({
    optional: optional ?? options.default !== undefined,
    reader: (value) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value),
    rule: wholeNumberRule(min, max),
    api: { type: 'integer', minimum: min, maximum: max, default: options.default },
  });
}

/** In a query string: `true` or `false`, nothing else. */
export function QueryFlag({ optional = true }: Optional = {}): PropertyDecorator {
  return field({
    optional,
    reader: (value) => (value === 'true' ? true : value === 'false' ? false : value),
    rule: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
    api: { type: Boolean },
  });
}

/**
 * In a query string: an amount of money in major units, such as 12.99, held as it is written. Its currency is what the
 * field `currency` of the same query says, which is a `QueryCurrency`.
 * @param options.atMost names the amount that it must not be greater than
 */
export function QueryAmount({ atMost, description }: { atMost?: string } & Described = {}): PropertyDecorator {
  return field({
    optional: true,
    rule: (value, request) => {
      if (typeof value !== 'string' || !/^\d+(\.\d+)?$/.test(value)) return NO_AMOUNT;
      const fields = request as Record<string, unknown>;
      const { currency } = fields;
      const most = atMost && fields[atMost];
      // Of any other currency nothing is known, and its own field complains.
      if (typeof currency !== 'string' || brokenRule(0, currency)) return undefined;
      const broken = brokenRule(value, currency);
      if (broken) return broken.rule;
      if (typeof most !== 'string' || brokenRule(most, currency)) return undefined;
      const [own, greatest] = [value, most].map((text) => moneyFromDecimal(text, currency).amount);
      return own > greatest ? `must not be greater than ${atMost}` : undefined;
    },
    api: { type: String, pattern: '^\\d+(\\.\\d+)?$', example: '12.99', description },
  });
}

const NO_AMOUNT = 'must be a number that is not negative, such as 12.99';

/** In a query string: the currency of its amounts. Not to be left out when one of the fields `requiredBy` is given. */
export function QueryCurrency({ requiredBy, description }: { requiredBy: string[] } & Described): PropertyDecorator {
  return field({
    optional: true,
    missing: (request) =>
      requiredBy.some((name) => (request as Record<string, unknown>)[name] !== undefined)
        ? `is required with ${requiredBy.join(' and ')}`
        : undefined,
    rule: (value) => (typeof value === 'string' ? brokenRule(0, value)?.rule : 'must be text'),
    api: { type: String, example: 'USD', description },
  });
}

const DEFAULT_LIMIT = 50;

/** The query of a list. Extend it with the filters that the list has. */
export class PageQuery {
  @QueryWholeNumber({ min: 1, max: 200, default: DEFAULT_LIMIT })
  limit: number = DEFAULT_LIMIT;

  /** Opaque; unpacked with `decodeCursor`. */
  @field({
    optional: true,
    rule: (value) =>
      typeof value === 'string' && /^[\w-]{1,1000}$/.test(value) ? undefined : 'must be the `next` of an earlier page',
    api: { type: String, description: 'The `next` of the page before' },
  })
  cursor?: string;
}

/** A path parameter that is a UUID, in lower case: `@IdParam('id') id: string`. A malformed one is a 400 on its name. */
export const IdParam = (name: string): ParameterDecorator =>
  pathParam(name, 'uuid', (value) => {
    if (isUuid(value)) return value.toLowerCase();
    throw new Invalid('id-invalid', name, 'must be a UUID');
  });

/** A path parameter that is an e-mail address, as it is typed. A malformed one is a 400 on its name. */
export const EmailParam = (name: string): ParameterDecorator =>
  pathParam(name, 'email', (value) => {
    if (isEmail(value)) return value as string;
    throw new Invalid('email-invalid', name, 'must be an e-mail address such as alice@example.com');
  });

function pathParam(name: string, format: string, transform: (value: unknown) => string): ParameterDecorator {
  const pipe: PipeTransform<unknown, string> = { transform };
  return (prototype, method, index) => {
    Param(name, pipe)(prototype, method, index);
    const descriptor = method && Object.getOwnPropertyDescriptor(prototype, method);
    if (descriptor) ApiParam({ name, type: String, format })(prototype, method, descriptor);
  };
}
