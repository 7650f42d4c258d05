import { arbitrumSepolia } from "./arbitrumSepolia.js";
import { baseSepolia } from "./baseSepolia.js";
import { local } from "./local.js";
import { sepolia } from "./sepolia.js";
import type { Draft } from "./types.js";

export const DRAFTS: readonly Draft[] = [local, sepolia, baseSepolia, arbitrumSepolia];
export * from "./fill.js";
export type * from "./types.js";
