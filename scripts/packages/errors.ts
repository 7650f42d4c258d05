// One class per error of the contracts, and the table of them in the docs.
import { toFunctionSelector } from "viem";
import { isFormat, placesOf } from "../../packages/sdk/src/errors/format.js";
import { SENTENCES, type Sentence } from "../../packages/sdk/src/errors/sentences.js";
import { CONTRACTS, GENERATED, mergedAbi, protocolArtifacts, signatureOf, type Entry, type Parameter } from "./abi.js";

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

const inputsOf = (entry: Entry): Parameter[] =>
  (entry.inputs ?? []).map((input) => ({ ...input, name: input.name.replace(/_$/, "") }));

/** Two errors of one name and different shapes need two classes. */
const shapeOf = (entry: Entry): string => inputsOf(entry).map(fieldOf).join();

/** The spelling that most contracts have: two may name the arguments of one error differently. */
function mostCommon(entries: Entry[]): Entry | undefined {
  const count = (entry: Entry): number => entries.filter((each) => shapeOf(each) === shapeOf(entry)).length;
  return [...entries].sort((a, b) => count(b) - count(a) || shapeOf(a).localeCompare(shapeOf(b)))[0];
}

function allErrors(root: string): Known[] {
  const sources = [...protocolArtifacts(root), { contract: "AccessManager", abi: mergedAbi(root, "AccessManager") }];
  const found = sources.flatMap(({ contract, abi }) =>
    abi.filter(({ type }) => type === "error").map((entry) => ({ contract, entry, key: signatureOf(entry) })),
  );
  return [...new Set(found.map(({ key }) => key))].sort().flatMap((key) => {
    const same = found.filter((each) => each.key === key);
    const entry = mostCommon(same.map((each) => each.entry));
    if (entry === undefined) return [];
    return [{ name: entry.name ?? "", entry, contracts: new Set(same.map(({ contract }) => contract)) }];
  });
}

/** A source's error that shares its name with another of a different shape is called after the source. */
function distinct(errors: Known[]): Known[] {
  return errors.map((known) => {
    const clash = errors.some(({ name, entry }) => name === known.name && shapeOf(entry) !== shapeOf(known.entry));
    const [only] = known.contracts;
    const source = clash && known.contracts.size === 1 && only?.endsWith("Source") === true;
    return source ? { ...known, name: `${only}${known.name}` } : known;
  });
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
  const errors = distinct(allErrors(root));
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
