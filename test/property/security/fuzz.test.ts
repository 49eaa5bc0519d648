/** A slice of `npm run test:long`. */
import { fuzzTests } from '../../support/fuzz/tests.ts';

fuzzTests(1_500);
