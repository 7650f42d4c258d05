// One class per error of the contracts, and the table of them in the docs.
import { toFunctionSelector } from "viem";
import { isFormat, placesOf } from "../../packages/sdk/src/errors/format.js";
import { SENTENCES, type Sentence } from "../../packages/sdk/src/errors/sentences.js";
import { CONTRACTS, GENERATED, mergedAbi, signatureOf, type Entry, type Parameter } from "./abi.js";

type Table = Readonly<Record<string, Sentence>>;
/** Types that viem decodes as numbers. */
const SMALL = 48;

interface Known {
  name: string;
  entry: Entry;
  contracts: Set<string>;
}

/** An error of the contracts and its sentence do not fit together. */
export class SentenceWrong extends Error {
  override readonly name = "SentenceWrong";
  constructor(
    readonly error: string,
    readonly fault: string,
  ) {
    super(`packages/sdk/src/errors/sentences.ts: ${error}: ${fault}`);
  }
}

/** A name that says different things in two contracts cannot be one class. */
export class ErrorAmbiguous extends Error {
  override readonly name = "ErrorAmbiguous";
  constructor(
    readonly error: string,
    readonly shapes: readonly [string, string],
  ) {
    super(`${error} carries ${shapes.join(" and ")}: give one of them another name`);
  }
}

const inputsOf = (entry: Entry): Parameter[] =>
  (entry.inputs ?? []).map((input) => ({ ...input, name: input.name.replace(/_$/, "") }));

const shapeOf = (entry: Entry): string => inputsOf(entry).map(fieldOf).join();

function allErrors(root: string): Known[] {
  const sources = Object.keys(CONTRACTS).map((contract) => ({ contract, abi: mergedAbi(root, contract) }));
  const found = sources.flatMap(({ contract, abi }) =>
    abi.filter(({ type }) => type === "error").map((entry) => ({ contract, entry, key: signatureOf(entry) })),
  );
  requireOneShape(found.map(({ entry }) => entry));
  return [...new Set(found.map(({ key }) => key))].sort().flatMap((key) => {
    const same = found.filter((each) => each.key === key);
    const [first] = same;
    if (first === undefined) return [];
    const { entry } = first;
    return [{ name: entry.name ?? "", entry, contracts: new Set(same.map(({ contract }) => contract)) }];
  });
}

/** One name is one class, whatever contract reverts with it. */
export function requireOneShape(entries: readonly Entry[]): void {
  const shapes = new Map<string, string>();
  for (const entry of entries) {
    const [name, shape] = [entry.name ?? "", shapeOf(entry)];
    const other = shapes.get(name) ?? shape;
    if (other !== shape) throw new ErrorAmbiguous(name, [other, shape]);
    shapes.set(name, shape);
  }
}

function requireSentence({ name, entry }: Known, table: Table): Sentence {
  const sentence = table[name];
  if (sentence === undefined) throw new SentenceWrong(name, `no sentence for ${signatureOf(entry)}`);
  const names = new Set(inputsOf(entry).map((input) => input.name));
  for (const place of placesOf(sentence.text)) {
    if (!names.has(place.name)) throw new SentenceWrong(name, `no argument ${place.name}`);
    if (place.format !== undefined && !isFormat(place.format))
      throw new SentenceWrong(name, `no format ${place.format}`);
  }
  return sentence;
}

/** Every error of the contracts, each with its class name; throws unless the sentences are exactly theirs. */
export function contractErrors(root: string, table: Table = SENTENCES): Known[] {
  const errors = allErrors(root);
  for (const known of errors) requireSentence(known, table);
  const names = new Set(errors.map(({ name }) => name));
  for (const name of Object.keys(table)) if (!names.has(name)) throw new SentenceWrong(name, "no contract has it");
  return errors;
}

function typeScript(type: string): string {
  const array = /\[\d*\]$/.exec(type);
  if (array !== null) return `readonly ${typeScript(type.slice(0, array.index))}[]`;
  const bits = /^u?int(\d+)$/.exec(type)?.[1];
  if (bits !== undefined) return Number(bits) <= SMALL ? "number" : "bigint";
  if (type === "address" || type.startsWith("bytes")) return "Hex";
  return type === "bool" ? "boolean" : "string";
}

function fieldOf({ name, type, components }: Parameter): string {
  const inner = components === undefined ? typeScript(type) : `{ ${components.map(fieldOf).join("; ")} }`;
  return `${name}: ${inner}`;
}

const argsOf = (entry: Entry): string =>
  inputsOf(entry).length === 0 ? "Record<string, never>" : `{ ${inputsOf(entry).map(fieldOf).join("; ")} }`;

const declaration = (entry: Entry): string =>
  `${entry.name}(${inputsOf(entry)
    .map(({ type, name }) => `${type} ${name}`)
    .join(", ")})`;

function classText(name: string, all: Known[]): string {
  const [known] = all;
  if (known === undefined) return "";
  const { retryable, text } = requireSentence(known, SENTENCES);
  const title = all.map(({ entry }) => `\`${declaration(entry)}\``).join(", ");
  const args = argsOf(known.entry);
  return `/** ${title}: ${text}. ${retryable ? "Retryable" : "Final"}. */
export class ${name} extends ContractError<"${name}", ${args}> {
  constructor(args: ${args}) {
    super("${name}", args);
  }
}
`;
}

const plain = ({ name, type, components }: Parameter): unknown => ({
  name,
  type,
  ...(components === undefined ? {} : { components: components.map(plain) }),
});

const registered = ({ name, entry }: Known): string =>
  `  "${toFunctionSelector(signatureOf(entry))}": { inputs: ${JSON.stringify(inputsOf(entry).map(plain))}, create: (args) => new ${name}(args as ${name}["args"]) },\n`;

/** The text of `errors/classes.ts`. */
export function classesFile(root: string): string {
  const errors = contractErrors(root);
  const names = [...new Set(errors.map(({ name }) => name))];
  const classes = names.map((name) =>
    classText(
      name,
      errors.filter((known) => known.name === name),
    ),
  );
  return `${GENERATED}import type { AbiParameter, Hex } from "viem";
import type { BallastError } from "./base.js";
import { ContractError } from "./contract.js";

${classes.join("\n")}
interface Known {
  readonly inputs: readonly (AbiParameter & { name: string })[];
  readonly create: (args: object) => BallastError;
}

/** By selector. */
export const REGISTRY: Readonly<Record<string, Known>> = {
${errors.map(registered).join("")}};
`;
}

function tableRow(known: Known): string {
  const { name, entry, contracts } = known;
  const { retryable, text } = requireSentence(known, SENTENCES);
  const places = text.replaceAll(/\{(\w+)(:\w+)?\}/g, "`$1`");
  const selector = toFunctionSelector(signatureOf(entry));
  const holders = [...contracts].filter((contract) => contract in CONTRACTS);
  return `| \`${name}\` | \`${selector}\` | ${retryable ? "retryable" : "final"} | ${places} | ${holders.join(", ")} |`;
}

/** The text of `docs/errors.md`, before it is formatted. */
export function errorsPage(root: string): string {
  return `# Errors

Generated by \`npm run build:packages\` from the contracts and \`packages/sdk/src/errors/sentences.ts\`.

Every revert of the protocol is a class of \`@ballast/sdk\` with its decoded arguments (\`docs/sdk.md\`). Retryable: the same call can
succeed later, because time passes, the state changes, or a fresh quote or price comes. Final: the caller has to change something.

| error | selector | | meaning | contracts |
| --- | --- | --- | --- | --- |
${contractErrors(root).map(tableRow).join("\n")}
`;
}
