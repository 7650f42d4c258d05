// The ABIs that integrators need, as constants: of every contract with an address, with the events and errors of the
// libraries linked into it, because a linked library emits and reverts under the address of its caller.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Parameter {
  name: string;
  type: string;
  internalType?: string;
  indexed?: boolean;
  components?: readonly Parameter[];
}

export interface Entry {
  type: string;
  name?: string;
  inputs?: readonly Parameter[];
  outputs?: readonly Parameter[];
  stateMutability?: string;
  anonymous?: boolean;
}

interface Artifact {
  contractName: string;
  abi: Entry[];
  linkReferences: Record<string, Record<string, unknown>>;
}

export class ArtifactMissing extends Error {
  override readonly name = "ArtifactMissing";
  constructor(readonly contract: string) {
    super(`no artifact of ${contract}: run \`npm run build\` first`);
  }
}

export class TypeNotElementary extends Error {
  override readonly name = "TypeNotElementary";
  constructor(
    readonly entry: string,
    readonly type: string,
  ) {
    super(`${entry} has a parameter of type ${type}, which no ABI coder knows`);
  }
}

/** Contracts with an address, by the folder of their source. */
export const CONTRACTS: Readonly<Record<string, string>> = {
  ClearingHouse: "contracts/core",
  Lens: "contracts/core",
  RiskConfigurator: "contracts/core",
  OracleRouter: "contracts/oracle",
  Exchange: "contracts/trading",
  LiquidityPool: "contracts/trading",
  Liquidator: "contracts/liquidation",
  BackstopPool: "contracts/liquidation",
  InsuranceVault: "contracts/vaults",
  LotRunner: "contracts/periphery",
  ChainlinkSource: "contracts/oracle/adapters",
  PythSource: "contracts/oracle/adapters",
  RatioSource: "contracts/oracle/adapters",
  UniswapV3Reference: "contracts/oracle/adapters",
  AccessManager: "@openzeppelin/contracts/access/manager",
};

const ORDER = ["constructor", "receive", "fallback", "function", "event", "error"];
const ELEMENTARY = /^(u?int\d+|bytes\d*|address|bool|string|tuple)(\[\d*\])*$/;

const pathOf = (root: string, source: string, contract: string): string =>
  join(root, "artifacts", source, `${contract}.json`);

function readArtifact(root: string, source: string, contract: string): Artifact {
  try {
    return JSON.parse(readFileSync(pathOf(root, source, contract), "utf8")) as Artifact;
  } catch {
    throw new ArtifactMissing(contract);
  }
}

/** The contract and every library linked into it, however deep. */
function linked(root: string, contract: string): Artifact[] {
  const found = new Map<string, Artifact>();
  const visit = (source: string, name: string): void => {
    if (found.has(name)) return;
    const artifact = readArtifact(root, source, name);
    found.set(name, artifact);
    for (const [file, names] of Object.entries(artifact.linkReferences))
      for (const library of Object.keys(names)) visit(file.replace(/^project\//, ""), library);
  };
  visit(join(CONTRACTS[contract] ?? "", `${contract}.sol`), contract);
  return [...found.values()];
}

export const signatureOf = (entry: Entry): string =>
  `${entry.name ?? entry.type}(${(entry.inputs ?? []).map(typeOf).join(",")})`;

function typeOf({ type, components }: Parameter): string {
  return components === undefined ? type : `(${components.map(typeOf).join(",")})${type.slice("tuple".length)}`;
}

function requireElementary(entry: Entry, parameters: readonly Parameter[]): void {
  for (const { type, components } of parameters) {
    if (!ELEMENTARY.test(type)) throw new TypeNotElementary(signatureOf(entry), type);
    requireElementary(entry, components ?? []);
  }
}

const rank = (entry: Entry): string => `${ORDER.indexOf(entry.type)} ${signatureOf(entry)}`;

/** The ABI of a contract as it is seen at its address. */
export function mergedAbi(root: string, contract: string): Entry[] {
  const [own, ...libraries] = linked(root, contract);
  if (own === undefined) throw new ArtifactMissing(contract);
  const theirs = libraries.flatMap(({ abi }) => abi.filter(({ type }) => type === "event" || type === "error"));
  const entries = new Map<string, Entry>();
  for (const entry of [...own.abi, ...theirs]) {
    requireElementary(entry, [...(entry.inputs ?? []), ...(entry.outputs ?? [])]);
    if (!entries.has(rank(entry))) entries.set(rank(entry), entry);
  }
  return [...entries.keys()].sort().map((key) => entries.get(key)!);
}

/** The constant's name: `clearingHouseAbi`, `uniswapV3ReferenceAbi`. */
export const constantOf = (contract: string): string => `${contract[0]!.toLowerCase()}${contract.slice(1)}Abi`;

/** What a coder reads, in the order a reader wants. */
const FIELDS = ["type", "name", "indexed", "anonymous", "components", "inputs", "outputs", "stateMutability"];

const literal = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = FIELDS.flatMap((key) =>
    key in value ? [[key, (value as Record<string, unknown>)[key]] as const] : [],
  );
  return `{ ${fields.map(([key, field]) => `${key}: ${literal(field)}`).join(", ")} }`;
};

export const GENERATED = "// Generated by `npm run build:packages`; change the contracts instead.\n";

function abiFile(root: string, contract: string): string {
  const entries = mergedAbi(root, contract).map((entry) => `  ${literal(entry)},\n`);
  return `${GENERATED}export const ${constantOf(contract)} = [\n${entries.join("")}] as const;\n`;
}

/** File name and text of everything in `src/abi`. */
export function abiFiles(root: string): Map<string, string> {
  const names = Object.keys(CONTRACTS);
  const files = new Map(names.map((name) => [`${name}.ts`, abiFile(root, name)]));
  const exports = names.map((name) => `export { ${constantOf(name)} } from "./${name}.js";\n`);
  return files.set("index.ts", GENERATED + exports.join(""));
}
