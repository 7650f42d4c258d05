// A package as somebody else installs it; `npm run test:pack` does this for all of them, with the bindings for ethers.
import { expect } from "chai";
import { buildPackages, publishedManifest } from "../../scripts/packages/compile.js";
import { Consumer } from "../../scripts/packages/pack.js";

const SAY = "console.log(String(Margin.required(2000n * WAD, WAD / 20n, 50_000_000n * WAD)));\n";
const TYPES = `import { Margin, WAD } from "@ballast/math";
export const required: bigint = Margin.required(WAD, WAD, WAD);
// @ts-expect-error sizes are bigint
Margin.required(1, 2, 3);
`;

describe("SDK packages", () => {
  it("are imported as ES modules and as CommonJS, with types", async () => {
    const [math = ""] = await buildPackages(process.cwd(), ["math"]);
    const consumer = new Consumer(process.cwd());
    try {
      consumer.install(math);
      consumer.write("esm.mjs", `import { Margin, WAD } from "@ballast/math";\n${SAY}`);
      consumer.write("cjs.cjs", `const { Margin, WAD } = require("@ballast/math");\n${SAY}`);
      consumer.write("types-esm.mts", TYPES);
      consumer.write("types-cjs.cts", TYPES);
      expect(consumer.node("esm.mjs").trim()).to.equal("100040000000000000000");
      expect(consumer.node("cjs.cjs").trim()).to.equal("100040000000000000000");
      consumer.check("types-esm.mts", "types-cjs.cts");
    } finally {
      consumer.remove();
    }
  });

  it("publish entry points for both kinds, and commands as ES modules", () => {
    const exports = { ".": "./src/index.ts", "./deep": "./src/deep/index.ts" };
    expect(publishedManifest({ name: "a", exports })).to.deep.include({
      main: "./cjs/index.js",
      exports: {
        ".": {
          import: { types: "./esm/index.d.ts", default: "./esm/index.js" },
          require: { types: "./cjs/index.d.ts", default: "./cjs/index.js" },
        },
        "./deep": {
          import: { types: "./esm/deep/index.d.ts", default: "./esm/deep/index.js" },
          require: { types: "./cjs/deep/index.d.ts", default: "./cjs/deep/index.js" },
        },
      },
    });
    const command = publishedManifest({ name: "b", bin: { b: "./src/main.ts" } });
    expect(command).to.deep.include({ bin: { b: "esm/main.js" } });
    expect(command).to.not.have.property("main");
  });
});
