// Packages as they are published: `packages/<name>/dist` is what `npm pack` and `npm publish` take. A package.json in the
// repository points at sources; the one in dist at ESM, CommonJS and types.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { bindEthers } from "./ethers.js";

interface Manifest {
  name: string;
  private?: boolean;
  /** Entry points and their sources. */
  exports?: Record<string, string>;
  /** Commands and their sources. */
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
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

/** Commands import nothing and are imported by nobody: ESM alone. */
const kindsOf = ({ bin, exports }: Manifest): Kind[] =>
  bin !== undefined && exports === undefined ? ["esm"] : ["esm", "cjs"];

const entriesOf = ({ exports = {}, bin = {} }: Manifest): string[] => [
  ...Object.values(exports),
  ...Object.values(bin),
];

/** A source's output, without its ending: `./src/ethers/index.ts` is `ethers/index`. */
const outputOf = (entry: string): string => entry.replace(/^\.\/src\//, "").replace(/\.ts$/, "");

/** Where the other packages' types are: in what was built before. */
function pathsOf(sources: Source[], kind: Kind): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const { folder, manifest } of sources)
    for (const [entry, source] of Object.entries(manifest.exports ?? {}))
      paths[join(manifest.name, entry)] = [join(folder, "dist", kind, `${outputOf(source)}.d.ts`)];
  return paths;
}

function optionsOf({ folder }: Source, kind: Kind, paths: Record<string, string[]>): ts.CompilerOptions {
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
    rootDir: join(folder, "src"),
    outDir: join(folder, "dist", kind),
    paths,
  };
}

function compile(source: Source, kind: Kind, built: Source[]): void {
  const { folder, manifest } = source;
  const files = entriesOf(manifest).map((entry) => join(folder, entry));
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

const target = (kind: Kind, source: string) => ({
  types: `./${kind}/${outputOf(source)}.d.ts`,
  default: `./${kind}/${outputOf(source)}.js`,
});

/** The package.json of what is published. */
export function publishedManifest(manifest: Manifest): object {
  const { exports = {}, bin = {} } = manifest;
  const entries = Object.entries(exports).map(
    ([entry, source]) => [entry, { import: target("esm", source), require: target("cjs", source) }] as const,
  );
  const commands = Object.entries(bin).map(([name, source]) => [name, `esm/${outputOf(source)}.js`] as const);
  const main = exports["."];
  return {
    engines: { node: ">=20.19" },
    ...manifest,
    ...(main === undefined ? {} : { main: target("cjs", main).default, types: target("cjs", main).types }),
    ...(entries.length === 0 ? {} : { exports: Object.fromEntries(entries) }),
    ...(commands.length === 0 ? {} : { bin: Object.fromEntries(commands) }),
    sideEffects: false,
  };
}

function describe(root: string, { folder, manifest }: Source): void {
  const dist = join(folder, "dist");
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  if (kindsOf(manifest).includes("cjs")) writeFileSync(join(dist, "cjs", "package.json"), `{ "type": "commonjs" }\n`);
  copyFileSync(join(root, "LICENSE"), join(dist, "LICENSE"));
  const readme = join(folder, "README.md");
  if (existsSync(readme)) copyFileSync(readme, join(dist, "README.md"));
}

/** Compiles the packages, or those of the names, with everything they depend on. */
export async function buildPackages(root: string, names?: readonly string[]): Promise<string[]> {
  const all = ordered(published(root));
  const chosen = names === undefined ? all : all.filter(({ folder }) => names.includes(basename(folder)));
  if (chosen.some(({ manifest }) => manifest.name === "@ballast/sdk")) await bindEthers(root);
  for (const source of chosen) {
    rmSync(join(source.folder, "dist"), { recursive: true, force: true });
    mkdirSync(join(source.folder, "dist"), { recursive: true });
    for (const kind of kindsOf(source.manifest)) compile(source, kind, all);
    describe(root, source);
  }
  return chosen.map(({ folder }) => join(folder, "dist"));
}
