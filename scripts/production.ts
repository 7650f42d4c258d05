// The contracts as they are deployed, built beside the build that tests use. Of the mocks only the token of a local chain and the
// feed of a chain that stands in for a network.
import path from "node:path";

export const PROFILE = "production";
process.env["HARDHAT_BUILD_PROFILE"] = PROFILE;
export const { default: hre } = await import("hardhat");

const MOCKS = /contracts\/mocks\/(?!(TestToken|PlantedFeed)\.sol)|MockPyth\.sol/;

/** Builds them, and returns their source files. */
export async function buildProduction(): Promise<string[]> {
  const all = await hre.solidity.getRootFilePaths({ scope: "contracts" });
  const files = all.filter((file) => !MOCKS.test(file));
  await hre.tasks.getTask("build").run({ noTests: true, quiet: true, files });
  return files.map((file) => path.relative(hre.config.paths.root, file));
}
