// SPDX-License-Identifier: MIT
// Does a dance look like its song's style? The share of clips in which a trained classifier of dances sees the style
// of the take whose music was danced to: a column for any table.
#pragma once

#include <filesystem>

#include <c10/core/Device.h>

#include "stgmamba/eval/test_bed.hpp"
#include "stgmamba/metrics/columns.hpp"

namespace stgmamba::eval {

/// Column `style_agreement`; `run` is a run or checkpoint of task style_classifier with classifier.labels=style. The
/// row of the real dances says how good the classifier itself is. Clips of takes without a style are left out. The card
/// identifies the classifier's weights. Throws CheckpointError, and UsageError for a
/// classifier of something else or a bed without styles.
metrics::Column style_column(const TestBed& bed, const std::filesystem::path& run, c10::Device device);

}  // namespace stgmamba::eval
