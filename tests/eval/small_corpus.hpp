// SPDX-License-Identifier: MIT
// Songs of the synthetic corpus, short, with two dances each: three to train on, three to test with.
#pragma once

#include <filesystem>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/synth/corpus.hpp"

namespace stgmamba::test {

/// A take of the corpus, as kpop.
data::Take corpus_take(const synth::TakeSpec& spec);
data::Dataset write_small_corpus(const std::filesystem::path& folder, double seconds = 12.0);

}  // namespace stgmamba::test
