// For programs that run on Node: deployments from files.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDeployment, type Deployment } from "./addresses.js";
import { DeploymentInvalid, UnknownChain } from "./errors/setup.js";

/** The deployment that a file describes. */
export async function readDeployment(file: string): Promise<Deployment> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new DeploymentInvalid(`file ${file}`, "cannot be read");
  });
  try {
    return parseDeployment(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new DeploymentInvalid(`file ${file}`, "is not JSON");
    throw error;
  }
}

/** The deployment on a chain, from `<folder>/<chain id>.json`. */
export async function findDeployment(folder: string, chainId: number): Promise<Deployment> {
  try {
    return await readDeployment(join(folder, `${chainId}.json`));
  } catch (error) {
    if (error instanceof DeploymentInvalid && error.args.fault === "cannot be read")
      throw new UnknownChain(chainId, []);
    throw error;
  }
}
