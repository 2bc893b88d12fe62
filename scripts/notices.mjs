import { writeFileSync } from 'node:fs';
import { NOTICES, PERMITTED_LICENCES, bundledPackages, licencesOf, noticesText } from './lib/notices.mjs';
import { explain, say } from './lib/terminal.mjs';
import { buildForProduction } from './lib/vsix.mjs';

// Writes ThirdPartyNotices.txt of what a production build takes from npm packages.
try {
  await buildForProduction();
  const packages = bundledPackages();
  writeFileSync(NOTICES, noticesText(packages));
  const others = packages.filter(
    ({ licence }) => !licencesOf(licence).every((one) => PERMITTED_LICENCES.includes(one)),
  );
  for (const { name, version, licence } of others) say(`✗ ${name} ${version} is under ${licence}`);
  say(`✓ ${packages.length} packages`);
  process.exitCode = others.length === 0 ? 0 : 1;
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}
