#pragma once

#include "hub/names.h"
#include "serve/question.h"
#include "store/history.h"

namespace rata::hub {

/// /api/v1/history: the panes of one reducer over a time, each a record as a monitor sends it (docs/api.md).
serve::Receipt history_answer(store::HistoryReader& history, const Names& known, const serve::Question& question);
/// /api/v1/history/sum: all of it in one record.
serve::Receipt sum_answer(store::HistoryReader& history, const Names& known, const serve::Question& question);
/// /api/v1/reducers: what has a history.
serve::Receipt reducers_answer(store::HistoryReader& history);
/// /api/v1/gaps: what of a server is not there.
serve::Receipt gaps_answer(store::HistoryReader& history, const Names& known, const serve::Question& question);

}  // namespace rata::hub
