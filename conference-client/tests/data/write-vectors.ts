import { writeFileSync } from 'node:fs';
import { packageFile } from '../support/package-file.js';
import { referenceVectors } from './reference.js';

writeFileSync(packageFile('vectors/data-v1.json'), `${JSON.stringify(referenceVectors(), null, 2)}\n`);
