// Bytes of every contract in the production build, against its limit.   npm run -s sizes [-- --json]
// Also writes storage-layout/CONTRACT.json. Exit 1 when a contract is too large.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

process.env["HARDHAT_BUILD_PROFILE"] = "production";
const { default: hre } = await import("hardhat");

const CORE_LIMIT = 22_500;
const LIMIT = 24_000;

interface StorageSlot {
  label: string;
  slot: string;
  offset: number;
  type: string;
}
interface BuildOutput {
  output: {
    contracts: Record<
      string,
      Record<
        string,
        { storageLayout?: { storage: StorageSlot[] }; evm: { deployedBytecode: { object: string } } } | undefined
      >
    >;
  };
}

const limitOf = (name: string): number => (name === "ClearingHouse" ? CORE_LIMIT : LIMIT);

/** Bytes below this are libraries without an external function. */
const EMPTY = 200;

async function sizes(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  mkdirSync("storage-layout", { recursive: true });
  for (const full of await hre.artifacts.getAllFullyQualifiedNames()) {
    const [source, name] = full.split(":");
    if (source === undefined || name === undefined) continue;
    if (!source.startsWith("contracts/") || source.startsWith("contracts/mocks/")) continue;
    const artifact = await hre.artifacts.readArtifact(full);
    const bytes = (artifact.deployedBytecode.length - 2) / 2;
    if (bytes > EMPTY) found[name] = bytes;
    const id = await hre.artifacts.getBuildInfoId(full);
    const output = id === undefined ? undefined : await hre.artifacts.getBuildInfoOutputPath(id);
    if (output !== undefined && bytes > EMPTY) writeLayout(output, `project/${source}`, name);
  }
  return found;
}

const outputs = new Map<string, BuildOutput>();

function writeLayout(outputPath: string, source: string, name: string): void {
  const output = outputs.get(outputPath) ?? (JSON.parse(readFileSync(outputPath, "utf8")) as BuildOutput);
  outputs.set(outputPath, output);
  const storage = output.output.contracts[source]?.[name]?.storageLayout?.storage ?? [];
  if (storage.length === 0) return;
  const layout = storage.map(({ label, slot, offset, type }) => ({ label, slot, offset, type }));
  writeFileSync(`storage-layout/${name}.json`, `${JSON.stringify(layout, null, 2)}\n`);
}

console.error("building for production ...");
await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
const found = await sizes();
const rows = Object.entries(found).sort(([, a], [, b]) => b - a);
if (process.argv.includes("--json")) console.log(JSON.stringify(Object.fromEntries(rows)));
else
  for (const [name, bytes] of rows) console.log(`${name.padEnd(20)} ${String(bytes).padStart(6)} of ${limitOf(name)}`);
const over = rows.filter(([name, bytes]) => bytes > limitOf(name));
for (const [name, bytes] of over) console.error(`${name}: ${bytes} bytes is above its limit of ${limitOf(name)}`);
process.exit(over.length === 0 && rows.length > 0 ? 0 : 1);
