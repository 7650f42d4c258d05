// Bindings for ethers, from the same ABIs as those for viem. They are made when the packages are built and not committed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTypeChain } from "typechain";
import { CONTRACTS, mergedAbi } from "./abi.js";

const FLAGS = {
  alwaysGenerateOverloads: false,
  discriminateTypes: false,
  node16Modules: true,
  tsNocheck: false,
  environment: undefined,
};

/** Writes `packages/sdk/src/ethers`. */
export async function bindEthers(root: string): Promise<void> {
  const outDir = join(root, "packages/sdk/src/ethers");
  const folder = mkdtempSync(join(tmpdir(), "ballast-abi-"));
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  try {
    const files = Object.keys(CONTRACTS).map((contract) => {
      const file = join(folder, `${contract}.json`);
      writeFileSync(file, JSON.stringify(mergedAbi(root, contract)));
      return file;
    });
    await runTypeChain({
      cwd: root,
      filesToProcess: files,
      allFiles: files,
      outDir,
      target: "ethers-v6",
      flags: FLAGS,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
