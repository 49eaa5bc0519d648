import { chaosTest } from '../support/consensus/chaos-test.ts';

chaosTest(20);
