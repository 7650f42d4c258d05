// Packages as they are published: each compiled into its `dist`, to which its package.json points. What is compiled follows
// from that: `./dist/esm/node.js` is made of `./src/node.ts`, and so is `./dist/cjs/node.js`.
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { bindEthers } from "./ethers.js";

interface Target {
  types: string;
  default: string;
}

export interface Manifest {
  name: string;
  private?: boolean;
  /** CommonJS where it is offered. */
  exports?: Record<string, { import: Target; require?: Target }>;
  /** Commands are imported by nobody: ES modules alone, without a folder for each kind. */
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

interface Source {
  folder: string;
  manifest: Manifest;
}

type Kind = "esm" | "cjs";

export class CompilationFailed extends Error {
  override readonly name = "CompilationFailed";
  constructor(
    readonly packageName: string,
    readonly diagnostics: string,
  ) {
    super(`${packageName} does not compile:\n${diagnostics}`);
  }
}

const read = (path: string): Manifest => JSON.parse(readFileSync(path, "utf8")) as Manifest;

function published(root: string): Source[] {
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  const sources = folders.filter((folder) => existsSync(join(folder, "package.json")));
  return sources
    .map((folder) => ({ folder, manifest: read(join(folder, "package.json")) }))
    .filter(({ manifest }) => manifest.private !== true && (manifest.exports ?? manifest.bin) !== undefined);
}

/** Every package after those it depends on. */
function ordered(sources: Source[]): Source[] {
  const done: Source[] = [];
  const visit = (source: Source): void => {
    if (done.includes(source)) return;
    for (const each of sources) if (each.manifest.name in (source.manifest.dependencies ?? {})) visit(each);
    done.push(source);
  };
  sources.forEach(visit);
  return done;
}

const isRequired = ({ exports = {} }: Manifest): boolean =>
  Object.values(exports).some((entry) => entry.require !== undefined);

const kindsOf = (manifest: Manifest): Kind[] => (isRequired(manifest) ? ["esm", "cjs"] : ["esm"]);

/** Where a kind of a package goes. */
const outputOf = ({ folder, manifest }: Source, kind: Kind): string =>
  manifest.exports === undefined ? join(folder, "dist") : join(folder, "dist", kind);

/** A module without its folder and ending: `./dist/esm/ethers/index.js` is `ethers/index`. */
const moduleOf = (file: string): string => file.replace(/^(\.\/)?dist\/(esm\/|cjs\/)?/, "").replace(/\.js$/, "");

function entriesOf({ exports = {}, bin = {} }: Manifest, kind: Kind): string[] {
  const imported = Object.values(exports).map((entry) => entry.import.default);
  return [...imported, ...(kind === "esm" ? Object.values(bin) : [])].map(moduleOf);
}

/** Where the other packages' types are: in what was built before. */
function pathsOf(sources: Source[], kind: Kind): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const source of sources)
    for (const [entry, target] of Object.entries(source.manifest.exports ?? {}))
      paths[join(source.manifest.name, entry)] = [
        join(outputOf(source, kind), `${moduleOf(target.import.default)}.d.ts`),
      ];
  return paths;
}

function optionsOf(source: Source, kind: Kind, paths: Record<string, string[]>): ts.CompilerOptions {
  const esm = kind === "esm";
  return {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts"],
    module: esm ? ts.ModuleKind.NodeNext : ts.ModuleKind.CommonJS,
    moduleResolution: esm ? ts.ModuleResolutionKind.NodeNext : ts.ModuleResolutionKind.Bundler,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    esModuleInterop: true,
    skipLibCheck: true,
    declaration: true,
    noEmitOnError: true,
    types: ["node"],
    rootDir: join(source.folder, "src"),
    outDir: outputOf(source, kind),
    paths,
  };
}

function compile(source: Source, kind: Kind, built: Source[]): void {
  const { folder, manifest } = source;
  const files = entriesOf(manifest, kind).map((entry) => join(folder, "src", `${entry}.ts`));
  const program = ts.createProgram(files, optionsOf(source, kind, pathsOf(built, kind)));
  const { diagnostics } = program.emit();
  const all = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => "\n",
  };
  if (all.length !== 0) throw new CompilationFailed(manifest.name, ts.formatDiagnostics(all, host));
}

/** Compiles the packages, or those of the names, after those they depend on; returns their folders. */
export async function buildPackages(root: string, names?: readonly string[]): Promise<string[]> {
  const all = ordered(published(root));
  const chosen = names === undefined ? all : all.filter(({ folder }) => names.includes(basename(folder)));
  if (chosen.some(({ manifest }) => manifest.name === "@ballast/sdk")) await bindEthers(root);
  for (const source of chosen) {
    const { folder, manifest } = source;
    rmSync(join(folder, "dist"), { recursive: true, force: true });
    for (const kind of kindsOf(manifest)) compile(source, kind, all);
    if (isRequired(manifest)) writeFileSync(join(folder, "dist/cjs/package.json"), '{ "type": "commonjs" }\n');
    copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  }
  return chosen.map(({ folder }) => folder);
}
