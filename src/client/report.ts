import type { Report } from '../wire/report.js';
import written from '../../docs/privacy-report.json';

export type { Chart, Report, ReportRow } from '../wire/report.js';

/** The report that this app was built with. Its form is held by a test, so that no reader of JSON is loaded for it. */
export const report = written as Report;
