import {
  Data,
  DataType,
  DateDay,
  DateUnit,
  Field,
  FixedSizeList,
  LargeList,
  List,
  Map_,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimeMillisecond,
  TimestampMillisecond,
  TimeUnit,
} from "apache-arrow";

/**
 * The schema that a table has in Parquet, which knows no times in seconds and no dates in milliseconds: they become
 * milliseconds and days, as Arrow's own writers have it. The schema itself where there are none.
 */
export function storedSchema(schema: Schema): Schema {
  const fields = schema.fields.map(storedField);
  return fields.every((field, i) => field === schema.fields[i])
    ? schema
    : new Schema(fields, schema.metadata, schema.dictionaries);
}

/** A table as its stored schema has it. */
export function storedTable(table: Table): Table {
  // Made for each table: the next one's schema may be another object that means the same.
  const schema = storedSchema(table.schema);
  if (schema === table.schema) return table;
  const batches = table.batches.map(({ data }) => {
    const children = data.children.map((child, i) =>
      storedData(child, table.schema.fields[i], schema.fields[i])
    );
    return new RecordBatch(schema, withType(data, new Struct(schema.fields), children) as never);
  });
  return new Table(schema, batches);
}

function storedField(field: Field): Field {
  const type = storedType(field.type);
  return type === field.type ? field : field.clone({ type });
}

function storedType(type: DataType): DataType {
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.SECOND) {
    return new TimestampMillisecond(type.timezone);
  }
  if (DataType.isTime(type) && type.unit === TimeUnit.SECOND) return new TimeMillisecond();
  if (isDateInMilliseconds(type)) return new DateDay();
  const children: Field[] = type.children ?? [];
  const stored = children.map(storedField);
  if (stored.every((child, i) => child === children[i])) return type;
  if (DataType.isStruct(type)) return new Struct(stored);
  if (DataType.isMap(type)) return new Map_(stored[0] as never, type.keysSorted);
  if (DataType.isList(type)) return new List(stored[0]);
  if (DataType.isLargeList(type)) return new LargeList(stored[0]);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, stored[0]);
  return type;
}

function isDateInMilliseconds(type: DataType): boolean {
  return DataType.isDate(type) && type.unit === DateUnit.MILLISECOND;
}

/** The types of fields are compared, not those of data, which may be other objects that mean the same. */
function storedData(data: Data, from: Field, to: Field, column = from.name): Data {
  if (from.type === to.type) return data;
  if (data.children.length > 0) {
    const children = data.children.map((child, i) =>
      storedData(child, from.type.children[i], to.type.children[i], column)
    );
    return withType(data, to.type, children);
  }
  return withType(data, to.type, [], storedNumbers(data, column));
}

function withType(data: Data, type: DataType, children: Data[], values = data.values): Data {
  const { offset, length, nullCount, valueOffsets, nullBitmap, typeIds } = data;
  return new Data(type, offset, length, nullCount, [valueOffsets, values, nullBitmap, typeIds], children);
}

const dayMilliseconds = 86_400_000n;

/** Milliseconds of seconds, and days of dates: Arrow too has whole days only in its dates, whatever their unit. */
function storedNumbers(data: Data, column: string): BigInt64Array | Int32Array {
  const { buffer, byteOffset, byteLength } = data.values;
  const isDate = isDateInMilliseconds(data.type);
  const [isWide, isStoredWide] = [!DataType.isTime(data.type), DataType.isTimestamp(data.type)];
  // The array may be one of another type, of which Arrow takes the bytes.
  const Integers = isWide ? BigInt64Array : Int32Array;
  // Where all is null there are fewer numbers than rows.
  const length = Math.min(data.length, Math.floor(byteLength / Integers.BYTES_PER_ELEMENT));
  const given = new Integers(buffer, byteOffset, length);
  const stored = isStoredWide ? new BigInt64Array(length) : new Int32Array(length);
  for (let i = 0; i < length; i++) {
    // What stands in the place of a null is anything.
    const value = data.getValid(i) ? BigInt(given[i]) : 0n;
    const number = isDate ? value / dayMilliseconds : 1000n * value;
    stored[i] = isStoredWide ? number : Number(number);
    if (BigInt(stored[i]) !== number || isDate && value % dayMilliseconds !== 0n) {
      throw isDate ? noDay(column, value) : tooManySeconds(column, value, isStoredWide ? 63n : 31n);
    }
  }
  return stored;
}

function tooManySeconds(column: string, seconds: bigint, bits: bigint): RangeError {
  const secondsMax = (2n ** bits - 1n) / 1000n;
  return new RangeError(
    `Cannot save "${column}" as Parquet, which has milliseconds: seconds must be >= -${secondsMax} and <= ${secondsMax}, got ${seconds}`,
  );
}

function noDay(column: string, instant: bigint): RangeError {
  return new RangeError(
    `Cannot save "${column}" as Parquet, which has days: dates must be whole days of ${dayMilliseconds} ms that fit int32, got ${instant} ms`,
  );
}
