export { contradictions } from './check-report.ts';
export { DOCUMENT_PROTOCOL, DocumentExchange, type DocumentKind, fetchDocument } from './exchange.ts';
export { openReport, ReportStore } from './report-store.ts';
