// A package as somebody else installs it; `npm run test:pack` does this for all of them, with the bindings for ethers.
import { expect } from "chai";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildPackages } from "../../scripts/packages/compile.js";
import { Consumer } from "../../scripts/packages/pack.js";

interface Manifest {
  private?: boolean;
  files?: string[];
  exports?: Record<string, Record<"import" | "require", { types: string; default: string }>>;
}

describe("SDK packages", () => {
  it("are imported as ES modules and as CommonJS, with types", async () => {
    const [math = ""] = await buildPackages(process.cwd(), ["math"]);
    const consumer = new Consumer(process.cwd());
    try {
      consumer.install(math);
      consumer.use([math]);
    } finally {
      consumer.remove();
    }
  });

  it("name for every entry point what each kind of module loads", () => {
    const manifests = readdirSync("packages").map((name) => join("packages", name, "package.json"));
    for (const file of manifests.filter((each) => existsSync(each))) {
      const { exports = {}, ...manifest } = JSON.parse(readFileSync(file, "utf8")) as Manifest;
      if (manifest.private === true) continue;
      expect(manifest, file).to.include({ type: "module", license: "MIT" });
      expect(manifest.files, file).to.deep.equal(["dist"]);
      for (const target of Object.values(exports))
        for (const [condition, kind] of [
          ["import", "esm"],
          ["require", "cjs"],
        ] as const) {
          const path = target[condition].default;
          expect(path).to.equal(target.import.default.replace("/esm/", `/${kind}/`));
          expect(target[condition].types).to.equal(path.replace(/js$/, "d.ts"));
        }
    }
  });
});
