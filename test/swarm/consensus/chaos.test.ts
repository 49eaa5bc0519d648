/** A slice of `npm run test:long`, and of `npm run chaos:chain`. */
import { chaosTest } from '../../support/consensus/chaos-test.ts';

chaosTest(5);
