// Hardhat's node as a program of its own: `hardhatNode.ts --port N`.
import { network } from "hardhat";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { port: { type: "string", default: "8545" } } });
const server = await network.createServer("default", "127.0.0.1", Number(values.port));
await server.listen();
await server.afterClosed();
