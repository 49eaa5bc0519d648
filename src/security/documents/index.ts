export { contradictions } from './check-report.ts';
export { DocumentExchange, fetchDocument } from './exchange.ts';
export { openReport, ReportStore } from './report-store.ts';
