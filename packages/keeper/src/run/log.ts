// One JSON object a line, on standard output.
import { destination, pino, stdSerializers, type DestinationStream, type Logger } from "pino";

export type Log = Logger;

/** Lines are written at once: a keeper that is killed has told everything. */
export function openLog(level: string, stream: DestinationStream = destination({ sync: true })): Log {
  const options = {
    level,
    base: null,
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    formatters: { level: (label: string) => ({ level: label }), log: plain },
  };
  return pino(options, stream);
}

/** Numbers of the chain as text: they do not fit into those of JSON. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, told(value)]));
}

function told(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return Array.isArray(value) ? value.map(told) : value;
}
