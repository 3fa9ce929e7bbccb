// The benches' own pages and workers, bundled as www/ is: with its esbuild.
import { createRequire } from 'node:module';
import { root } from './setting.ts';

const require = createRequire(`${root}www/package.json`);

/** The module at `entry`, a path in tests/bench, with all that it imports. What begins with `/livetape/` it loads from where it is served. */
export async function bundled(entry: string): Promise<string> {
  const { build } = require('esbuild') as { build(options: object): Promise<{ outputFiles: { text: string }[] }> };
  const { outputFiles } = await build({
    entryPoints: [`${root}tests/bench/${entry}`], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error',
    external: ['/livetape/*'],
  });
  return outputFiles[0]?.text ?? '';
}
