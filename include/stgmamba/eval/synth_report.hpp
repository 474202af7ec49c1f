// SPDX-License-Identifier: MIT
// The self-test of the synthetic corpus: is there something to learn, does only the music tell it, and how much is
// free?
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "stgmamba/synth/corpus.hpp"

namespace stgmamba::eval {

struct SynthReportRow {
  std::string name;
  double value = 0.0;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::string gate;  // "0.7 to 0.95"; empty: for information
  bool ok = true;
};

struct SynthReport {
  std::vector<SynthReportRow> rows;
  bool ok() const;
  std::string text() const;  // one line a row, columns aligned
};

struct SynthTestOptions {
  int songs = 24;       // of each style; half of them fit the regression, half score it
  int dances = 4;       // of each song
  double seconds = 40;  // of each song
  synth::DanceOptions dance;
};

/// Motion is seen at 10 frames a second, as the model sees it; scores are taken over the styles' whole songs.
SynthReport run_synth_self_test(std::uint64_t seed, const SynthTestOptions& options = {});

}  // namespace stgmamba::eval
