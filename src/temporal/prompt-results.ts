import type { Connection, WorkflowService } from '@temporalio/client';
import proto from '@temporalio/proto';

type Read = (request: Request) => Promise<Response>;
type Request = proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryRequest;
type Response = proto.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryResponse;

const { HISTORY_EVENT_FILTER_TYPE_ALL_EVENT, HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } =
  proto.temporal.api.enums.v1.HistoryEventFilterType;

/**
 * Makes `handle.result()` and `client.execute()` return when the workflow ends, and not up to 20 s later.
 *
 * They poll for the close event. Temporal wakes a poll by one notification per change and drops a notification if the poll has
 * not taken the one before, as happens on a busy machine (seen with server 1.29 in 1 of 450 polls). A poll for the close
 * event that misses the last one sleeps until it expires. A poll for all events returns at any notification, and the next
 * one continues after the events that it received, so that nothing is missed.
 */
export function withPromptResults<T extends Pick<Connection, 'workflowService'>>(connection: T): T {
  const { workflowService: service } = connection;
  const read: Read = service.getWorkflowExecutionHistory.bind(service);
  const readPromptly: Read = async (request) => {
    if (!request.waitNewEvent || request.historyEventFilterType !== HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT) {
      return read(request);
    }
    const ofAll = { ...request, historyEventFilterType: HISTORY_EVENT_FILTER_TYPE_ALL_EVENT };
    let page = await read(ofAll);
    let last = page.history?.events?.at(-1);
    while (page.nextPageToken.length > 0) {
      page = await read({ ...ofAll, nextPageToken: page.nextPageToken });
      last = page.history?.events?.at(-1) ?? last;
    }
    page.history = { events: last ? [last] : [] };
    return page;
  };
  service.getWorkflowExecutionHistory = readPromptly as WorkflowService['getWorkflowExecutionHistory'];
  return connection;
}
