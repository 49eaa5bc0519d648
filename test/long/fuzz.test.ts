import { fuzzTests } from '../support/fuzz/tests.ts';

fuzzTests(10_000);
