export {type DataAnswer, type DataQuestion, PROGRAM_VERSION, type ResourceUsage} from '@megatest/store';
export type {RequestInfo} from './answer-request.ts';
export {refuseReadOnly, refuseStart} from './area-access.ts';
export {
  type AreaDescription,
  DESCRIBED,
  type Described,
  type DescribedArea,
  type DescribedTest,
  type DescribedView,
  type TestFiles,
} from './area-description.ts';
export {type AreaResults, openResults, type ResultsRequest, type RunSelection} from './area-results.ts';
export {BrowserSession, BrowserSessions, type BrowserVisit, sessionValidS} from './browser-sessions.ts';
export {
  type DaemonClient,
  type DaemonClientOptions,
  locateDaemon,
  makeDaemonClient,
} from './daemon-client.ts';
export {
  type ClientInfo,
  type DaemonMethods,
  type DaemonNotifications,
  daemonMethods,
  daemonNotifications,
  type RunSummary,
  type ServerStatus,
  type SubmitOptions,
  type SyncStatus,
  submitOptions,
  type TestRef,
} from './daemon-methods.ts';
export {
  daemonSocket,
  decideHomehost,
  type Homehost,
  heartbeatLimitMs,
  isHomehost,
  managerSocket,
  mayBeAlive,
  ownAddress,
  processExists,
  processStart,
  sharedMode,
  touch,
} from './discovery.ts';
export {clockSkewLimitMs, diskClockFinding, fileServerNowMs, printSkew} from './disk-clock.ts';
export {type Finding, fine, printFree, problem, spaceFinding, warning} from './finding.ts';
export {handOverRows} from './hand-over-rows.ts';
export {HeldSecrets, type SecretHolder} from './held-secrets.ts';
export {
  ensureManagerDirectory,
  type ManagerClient,
  makeManagerClient,
  managerCallsDirectory,
  managerKeyFile,
  managerLogFile,
  somebodyListens,
  startManager,
  withoutTestVariables,
} from './manager-client.ts';
export {
  type Launch,
  type LocalMethods,
  localMethods,
  type ManagerMethods,
  managerMethods,
  type PlanReply,
  planReply,
  type RunPlan,
  runPlan,
} from './manager-methods.ts';
export type {Handlers, MethodTable, ParamsOf, ParsedParamsOf, ResultOf} from './method-table.ts';
export type {ActionPreview, AffectedCounts, actionsMethods} from './methods/actions.ts';
export type {archiveMethods} from './methods/archive.ts';
export {
  type AreaSummary,
  type areaMethods,
  type ConfigTable,
  type DependencyGraph,
  type DependencyNode,
  type OtherArea,
  type RunStatistics,
  type ServerInfo,
  VIEW_TYPES,
  type View,
  type ViewData,
} from './methods/area.ts';
export type {changesMethods} from './methods/changes.ts';
export type {feedMethods, PaletteEntry, PaletteNews, Topic} from './methods/feed.ts';
export {
  type FileEntry,
  type FileListing,
  type filesMethods,
  type LogMark,
  type LogWindow,
  MARK_TYPES,
  type MarkOverview,
  type MarkType,
  type OpenedLog,
} from './methods/files.ts';
export {
  type ClaimedJob,
  type Job,
  type JobParams,
  jobRunParams,
  type jobsMethods,
  type ManagerJob,
} from './methods/jobs.ts';
export type {keysMethods} from './methods/keys.ts';
export type {managersMethods} from './methods/managers.ts';
export type {metaMethods} from './methods/meta.ts';
export type {PacketCounts, packetsMethods} from './methods/packets.ts';
export type {
  CatalogueRow,
  CatalogueScore,
  ItemHistory,
  PanelAction,
  panelMethods,
  TargetResult,
} from './methods/panel.ts';
export {DATA_ROWS_PER_CALL, type recordsMethods} from './methods/records.ts';
export type {runsMethods} from './methods/runs.ts';
export type {Prerequisites, schedulingMethods} from './methods/scheduling.ts';
export type {sessionMethods} from './methods/session.ts';
export type {testsMethods} from './methods/tests.ts';
export type {variablesMethods} from './methods/variables.ts';
export {
  type ComparedRuns,
  type GridParams,
  type GridRow,
  type GridRun,
  type GridSize,
  type GridWindow,
  type Matrix,
  type OpenGrid,
  type RunsTree,
  type Timeline,
  type TimelineRun,
  type ViewFilter,
  viewLimits,
  type viewsMethods,
} from './methods/views.ts';
export {isEncrypted, OwnOrigin} from './own-origin.ts';
export type {PassingRefusal} from './passing-refusal.ts';
export {limits} from './peer.ts';
export {pingedArea} from './ping-daemon.ts';
export {ProgramFile} from './program-file.ts';
export {PROTOCOL, UPGRADE} from './protocol.ts';
export {parseBody, readBody} from './read-body.ts';
export {type JobEntry, type JournalEntry, type ReportEntry, reportEntry} from './report-entries.ts';
export {type Endpoint, RpcClient, type Welcome} from './rpc-client.ts';
export {RPC_CODES, RpcError, type RpcErrorName} from './rpc-error.ts';
export {type CallContext, type CallHandlers, type Connected, type Role, RpcServer} from './rpc-server.ts';
export {ensureKey, type KeyName, keyFile, keyMode, readKey, viewerKeyMode} from './server-keys.ts';
export {readServerRecord, type ServerRecord, writeServerRecord} from './server-record.ts';
export {releaseStartLock, startDaemon, startMessages} from './start-daemon.ts';
export {WrongAnswers} from './wrong-answers.ts';
