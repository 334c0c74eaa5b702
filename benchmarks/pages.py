"""What the UI of Dagster asks for its lineage page and for the partitions of an asset, as seen in a browser.

The lineage page asks for ten assets at a time, three questions each; all of them are asked again while it is open.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster_graphql.test.utils import execute_dagster_graphql

AT_A_TIME = 10
_STATE = """
query AssetGraphLiveQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys, loadMaterializations: true) {
    id opNames repository { id } assetKey { path }
    assetMaterializations(limit: 1) { timestamp runId stepKey }
    assetObservations(limit: 1) { timestamp runId stepKey }
    assetChecksOrError { ... on AssetChecks { checks {
      name canExecuteIndividually
      executionForLatestMaterialization { id runId status timestamp stepKey evaluation { severity } }
      partitionDefinition { name description }
      partitionStatuses { ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions } }
    } } }
    partitionStats { numMaterialized numMaterializing numPartitions numFailed }
  }
  assetsLatestInfo(assetKeys: $assetKeys) {
    id assetKey { path } unstartedRunIds inProgressRunIds latestRun { status startTime endTime id }
  }
}
"""
_STALE = """
query AssetStaleStatusDataQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys) {
    id assetKey { path } staleStatus
    staleCauses { key { path } reason category dependency { path } }
  }
}
"""
_FRESH = """
query AssetsFreshnessInfoQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys) { id assetKey { path } freshnessInfo { currentMinutesLate } }
}
"""
_PARTITIONS = """
query PartitionHealthQuery($assetKey: AssetKeyInput!) {
  assetNodeOrError(assetKey: $assetKey) { ... on AssetNode {
    id partitionKeysByDimension { name type partitionKeys }
    assetPartitionStatuses { ... on MultiPartitionStatuses {
      primaryDimensionName
      ranges {
        primaryDimStartKey primaryDimEndKey primaryDimStartTime primaryDimEndTime
        secondaryDim { ... on DefaultPartitionStatuses {
          materializedPartitions materializingPartitions failedPartitions
        } }
      }
    } }
  } }
}
"""


def lineage_page(workspace: WorkspaceProcessContext, keys: Sequence[dg.AssetKey]) -> None:
    """Everything that the page shows of these assets."""
    paths = [{"path": list(key.path)} for key in keys]
    for start in range(0, len(paths), AT_A_TIME):
        for question in (_STALE, _STATE, _FRESH):
            ask(workspace, question, {"assetKeys": paths[start : start + AT_A_TIME]})


def partitions_page(workspace: WorkspaceProcessContext, key: dg.AssetKey) -> None:
    """Which partitions of an asset are made, under way and failed."""
    ask(workspace, _PARTITIONS, {"assetKey": {"path": list(key.path)}})


def ask(workspace: WorkspaceProcessContext, query: str, variables: Mapping[str, object]) -> None:
    """Ask as a browser does: nothing is kept from the question before.

    Raises:
        RuntimeError: the answer is an error; its time would be of less work.
    """
    with workspace.create_request_context() as context:
        answer = execute_dagster_graphql(context, query, variables=variables)
    if answer.errors or not answer.data:
        raise RuntimeError(f"the query failed: {answer.errors}")
