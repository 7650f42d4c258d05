// Bytes of every contract in the production build, against its limit.   npm run -s sizes [-- --json]
// With --json the last line is one object {contract: bytes}. Also writes storage-layout/CONTRACT.json.
// Exit 1 when a contract is above its limit.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const PROFILE = "production";
process.env["HARDHAT_BUILD_PROFILE"] = PROFILE;
const { default: hre } = await import("hardhat");

const CORE_LIMIT = 22_500;
const LIMIT = 24_000;
const LAYOUTS = "storage-layout";

interface StorageSlot {
  label: string;
  slot: string;
  offset: number;
  type: string;
}
interface BuildInfo {
  input: { settings: { viaIR?: boolean } };
}
interface BuildOutput {
  output: { contracts: Record<string, Record<string, { storageLayout?: { storage: StorageSlot[] } } | undefined>> };
}
interface Measured {
  source: string;
  name: string;
  bytes: number;
  buildInfoId: string;
}

class NoContractFound extends Error {
  constructor() {
    super("no contract with code was found under contracts/");
    this.name = "NoContractFound";
  }
}

/** An artifact of another profile would give sizes that nobody deploys. */
class WrongBuildProfile extends Error {
  constructor(contract: string, actual: boolean, expected: boolean) {
    super(`${contract} was built with viaIR ${actual}, but profile ${PROFILE} has viaIR ${expected}`);
    this.name = "WrongBuildProfile";
  }
}

const limitOf = (name: string): number => (name === "ClearingHouse" ? CORE_LIMIT : LIMIT);

async function deployableContracts(): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const full of await hre.artifacts.getAllFullyQualifiedNames()) {
    const [source, name] = full.split(":");
    if (source === undefined || name === undefined) continue;
    if (!source.startsWith("contracts/") || source.startsWith("contracts/mocks/")) continue;
    const { abi, deployedBytecode } = await hre.artifacts.readArtifact(full);
    const bytes = (deployedBytecode.length - 2) / 2;
    // Interfaces have no code; a library without an external function is never deployed.
    const callable = abi.some(({ type }) => type === "function" || type === "fallback" || type === "receive");
    const buildInfoId = await hre.artifacts.getBuildInfoId(full);
    if (bytes > 0 && callable && buildInfoId !== undefined) found.push({ source, name, bytes, buildInfoId });
  }
  if (found.length === 0) throw new NoContractFound();
  return found.sort((a, b) => b.bytes - a.bytes);
}

const readJson = <T>(path: string | undefined): T | undefined =>
  path === undefined ? undefined : (JSON.parse(readFileSync(path, "utf8")) as T);

/** Checks the profile of every build the contracts come from, then writes their storage layouts. */
async function exportLayouts(contracts: Measured[]): Promise<void> {
  const expected = hre.config.solidity.profiles[PROFILE]?.compilers.some(viaIR) === true;
  mkdirSync(LAYOUTS, { recursive: true });
  for (const id of new Set(contracts.map(({ buildInfoId }) => buildInfoId))) {
    const members = contracts.filter(({ buildInfoId }) => buildInfoId === id);
    const info = readJson<BuildInfo>(await hre.artifacts.getBuildInfoPath(id));
    const actual = info !== undefined && viaIR(info.input);
    if (actual !== expected) throw new WrongBuildProfile(members[0]?.name ?? id, actual, expected);
    const build = readJson<BuildOutput>(await hre.artifacts.getBuildInfoOutputPath(id));
    for (const { source, name } of members)
      writeLayout(name, build?.output.contracts[`project/${source}`]?.[name]?.storageLayout?.storage ?? []);
  }
}

function viaIR({ settings }: BuildInfo["input"]): boolean {
  return settings.viaIR === true;
}

function writeLayout(name: string, storage: StorageSlot[]): void {
  if (storage.length === 0) return;
  const layout = storage.map(({ label, slot, offset, type }) => ({ label, slot, offset, type }));
  writeFileSync(`${LAYOUTS}/${name}.json`, `${JSON.stringify(layout, null, 2)}\n`);
}

console.error(`building with profile ${PROFILE} ...`);
await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
const contracts = await deployableContracts();
await exportLayouts(contracts);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(Object.fromEntries(contracts.map(({ name, bytes }) => [name, bytes]))));
} else {
  for (const { name, bytes } of contracts)
    console.log(`${name.padEnd(24)} ${String(bytes).padStart(6)} of ${limitOf(name)} bytes`);
}
const over = contracts.filter(({ name, bytes }) => bytes > limitOf(name));
for (const { name, bytes } of over) console.error(`${name}: ${bytes} bytes is above its limit of ${limitOf(name)}`);
process.exit(over.length === 0 ? 0 : 1);
