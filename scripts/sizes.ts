// Bytes of every contract in the production build, against its limit.   npm run -s sizes [-- --json]
// With --json the last line is one object {contract: bytes}. Also writes storage-layout/CONTRACT.json.
// Exit 1 when a contract is above its limit.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { PROFILE, buildProduction, hre } from "./production.js";

const CORE_LIMIT = 22_500;
const LIMIT = 24_000;
const LAYOUTS = "storage-layout";

interface Settings {
  viaIR?: boolean;
}
interface StorageSlot {
  label: string;
  slot: string;
  offset: number;
  type: string;
}
interface StorageLayout {
  storage: StorageSlot[];
  types: Record<string, { label: string; members?: StorageSlot[] }> | null;
}
interface CompiledContract {
  abi: { type: string }[];
  evm: { deployedBytecode: { object: string }; methodIdentifiers: Record<string, string> };
  storageLayout?: StorageLayout;
}
type CompiledSources = Record<string, Record<string, CompiledContract> | undefined>;

class NoContractFound extends Error {
  constructor() {
    super("no contract with code was found under contracts/");
    this.name = "NoContractFound";
  }
}

/** A build of another profile would give sizes that nobody deploys. */
class WrongBuildProfile extends Error {
  constructor(buildInfo: string, actual: boolean, expected: boolean) {
    super(`${buildInfo} was built with viaIR ${actual}, but profile ${PROFILE} has viaIR ${expected}`);
    this.name = "WrongBuildProfile";
  }
}

const limitOf = (name: string): number => (name === "ClearingHouse" ? CORE_LIMIT : LIMIT);
const isViaIR = ({ settings }: { settings: Settings }): boolean => settings.viaIR === true;
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

async function compiledSources(buildInfoId: string): Promise<CompiledSources> {
  const infoPath = await hre.artifacts.getBuildInfoPath(buildInfoId);
  const outputPath = await hre.artifacts.getBuildInfoOutputPath(buildInfoId);
  if (infoPath === undefined || outputPath === undefined) return {};
  const actual = isViaIR((readJson(infoPath) as { input: { settings: Settings } }).input);
  const expected = hre.config.solidity.profiles[PROFILE]?.compilers.some(isViaIR) === true;
  if (actual !== expected) throw new WrongBuildProfile(buildInfoId, actual, expected);
  return (readJson(outputPath) as { output: { contracts: CompiledSources } }).output.contracts;
}

/** Interfaces have no code, and a library without an external function is never deployed. */
function isDeployable({ abi, evm }: CompiledContract): boolean {
  // The ABI omits library functions that take storage; the method identifiers have them.
  const called = Object.keys(evm.methodIdentifiers).length > 0;
  return evm.deployedBytecode.object !== "" && (called || abi.some(({ type }) => /^(fallback|receive)$/.test(type)));
}

async function deployableContracts(files: readonly string[]): Promise<[name: string, contract: CompiledContract][]> {
  const builds = new Map<string, CompiledSources>();
  const found: [string, CompiledContract][] = [];
  for (const full of await hre.artifacts.getAllFullyQualifiedNames()) {
    const [source = "", name = ""] = full.split(":");
    if (!files.includes(source) || source.startsWith("contracts/mocks/")) continue;
    const id = await hre.artifacts.getBuildInfoId(full);
    if (id === undefined) continue;
    const sources = builds.get(id) ?? (await compiledSources(id));
    builds.set(id, sources);
    const contract = sources[`project/${source}`]?.[name];
    if (contract !== undefined && isDeployable(contract)) found.push([name, contract]);
  }
  if (found.length === 0) throw new NoContractFound();
  return found;
}

/** The compiler's type ids change with every build; labels do not, so that two layouts can be compared. */
function writeLayout(name: string, { storage, types }: StorageLayout): void {
  if (storage.length === 0) return;
  const plain = (slots: StorageSlot[]) =>
    slots.map(({ label, slot, offset, type }) => ({ label, slot, offset, type: types?.[type]?.label ?? type }));
  const structs = Object.values(types ?? {}).flatMap(({ label, members }) =>
    members === undefined ? [] : [[label, plain(members)] as const],
  );
  const layout = { storage: plain(storage), ...Object.fromEntries(structs) };
  writeFileSync(`${LAYOUTS}/${name}.json`, `${JSON.stringify(layout, null, 2)}\n`);
}

console.error(`building with profile ${PROFILE} ...`);
const contracts = await deployableContracts(await buildProduction());
mkdirSync(LAYOUTS, { recursive: true });
for (const [name, { storageLayout }] of contracts) if (storageLayout !== undefined) writeLayout(name, storageLayout);

const sizes = contracts
  .map(([name, { evm }]): [string, number] => [name, evm.deployedBytecode.object.length / 2])
  .sort(([, a], [, b]) => b - a);
if (process.argv.includes("--json")) console.log(JSON.stringify(Object.fromEntries(sizes)));
else
  for (const [name, bytes] of sizes)
    console.log(`${name.padEnd(24)} ${String(bytes).padStart(6)} of ${limitOf(name)} bytes`);

const over = sizes.filter(([name, bytes]) => bytes > limitOf(name));
for (const [name, bytes] of over) console.error(`${name}: ${bytes} bytes is above its limit of ${limitOf(name)}`);
process.exit(over.length === 0 ? 0 : 1);
