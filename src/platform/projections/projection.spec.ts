import { getMetadataArgsStorage } from 'typeorm';
import { Column, Key, OptionalColumn, ReadTable } from './projection';

type Status = 'ACTIVE' | 'GONE';

@ReadTable('loyalty_points')
class PointsTable {
  @Key() email: string;
  @Column() points: number;
  @Column() frozen: boolean;
  @Column() status: Status;
  @OptionalColumn() level?: number;
  @OptionalColumn() blocked?: boolean;
  @OptionalColumn() note?: string;
  @Column('simple-json') orders: string[];
  @Column('simple-json') comment: string;
  @Column('text') since: Date;
}

const kindsOf = (table: unknown) =>
  Object.fromEntries(
    getMetadataArgsStorage()
      .columns.filter(({ target }) => target === table)
      .map(({ propertyName, options }) => [propertyName, options.type]),
  );

describe('The columns of a projection', () => {
  it('are stored as what their properties are, unless something else is said', () => {
    expect(kindsOf(PointsTable)).toEqual({
      email: 'text',
      points: 'integer',
      frozen: 'boolean',
      status: 'text',
      level: 'integer',
      blocked: 'boolean',
      note: 'text',
      orders: 'simple-json',
      comment: 'simple-json',
      since: 'text',
    });
  });

  it('say how they are stored where that cannot be seen', () => {
    expect(() => {
      class Orders {
        @Column() orders: string[];
      }
      return Orders;
    }).toThrow("Orders.orders is of no type that tells how it is stored: say it, as in @Column('simple-json')");
    expect(() => {
      class Since {
        @Key() since: Date;
      }
      return Since;
    }).toThrow('Since.since is of no type');
  });

  it('are not said to be what they are not', () => {
    expect(() => {
      class Points {
        @Column('text') points: number;
      }
      return Points;
    }).toThrow("Points.points is a number, so its column is 'integer' and not 'text'");
    expect(() => {
      class Frozen {
        @OptionalColumn('text') frozen?: boolean;
      }
      return Frozen;
    }).toThrow("Frozen.frozen is a boolean, so its column is 'boolean' and not 'text'");
    expect(() => {
      class Email {
        @Key('integer') email: string;
      }
      return Email;
    }).toThrow("Email.email is a string, so its column is 'text' and not 'integer'");
  });
});
