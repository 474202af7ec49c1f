// SPDX-License-Identifier: MIT
#include "stgmamba/synth/corpus.hpp"

#include <algorithm>
#include <iterator>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::synth {

namespace {

using util::Random;

/// One song of the plan before its dances are listed.
struct Plan {
  Style style = Style::kKpop;
  int number = 0;  // within its style
  std::string split;
  bool held_out_tempo = false;
};

SongSpec song_of(const Plan& plan, std::uint64_t seed, double shortest, double longest) {
  const bool test = plan.split == "test";
  Random random(seed, test ? "synth/corpus/test" : "synth/corpus/train", static_cast<std::uint64_t>(plan.style),
                static_cast<std::uint64_t>(plan.number));
  SongSpec spec;
  spec.style = plan.style;
  spec.seed = (static_cast<std::uint64_t>(random.bits()) << 16U) + static_cast<std::uint64_t>(plan.number);
  spec.seconds = longest > shortest
                     ? static_cast<double>(random.integer(static_cast<std::int64_t>(longest - shortest) + 1)) + shortest
                     : shortest;
  spec.kit =
      static_cast<int>(test ? kTrainingKits + random.integer(kKits - kTrainingKits) : random.integer(kTrainingKits));
  const TempoRange all = tempo_range(plan.style), band = held_out_tempos(plan.style);
  if (plan.held_out_tempo) {
    spec.tempo = random.uniform(band.low, band.high);
  } else {  // the range without the band
    const double draw = random.uniform(all.low, all.high - (band.high - band.low));
    spec.tempo = draw < band.low ? draw : draw + (band.high - band.low);
  }
  return spec;
}

void add_takes(std::vector<TakeSpec>& takes, const Plan& plan, const SongSpec& spec, int dances, std::uint64_t seed,
               const DanceOptions& dance) {
  for (int k = 0; k < dances; ++k) {
    TakeSpec take;
    take.song = fmt::format("{}_{:03}", style_name(plan.style), plan.number);
    take.id = fmt::format("{}_{}", take.song, static_cast<char>('a' + k));
    take.source = take.id;
    take.song_spec = spec;
    take.dance = dance;
    take.split = plan.split;
    Random random(seed, "synth/corpus/dance", spec.seed, static_cast<std::uint64_t>(k));
    take.dance_seed = (static_cast<std::uint64_t>(random.bits()) << 20U) + static_cast<std::uint64_t>(k);
    takes.push_back(std::move(take));
  }
}

/// What a preset makes. Test songs come on top of `train`, validation songs are the last of them.
struct Size {
  const char* name;
  int train, validation, test;  // songs
  double shortest, longest;     // s
  int dances;                   // of each song
  bool every_style;             // where no styles are named; else k-pop
  bool hold_tempos_out;
  bool filmed;  // a puppet a song
};
constexpr Size kSizes[] = {{"tiny", 5, 1, 1, 20, 20, 2, false, false, false},
                           {"small", 60, 4, 4, 20, 20, 2, false, false, false},
                           {"table", 60, 6, 24, 40, 60, 4, true, true, false},
                           {"video", 32, 4, 8, 5, 5, 1, true, false, true}};  // in the order of Preset

static_assert(kSizes[3].train + kSizes[3].test == kPuppets && kSizes[3].test == kHeldOutPuppets);

}  // namespace

Preset preset_from_name(std::string_view name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::size(kSizes); ++i) {
    if (name == kSizes[i].name) {
      return static_cast<Preset>(i);
    }
    names.emplace_back(kSizes[i].name);
  }
  const std::string near = util::nearest(name, names);
  throw UsageError("preset must be {}, got '{}'{}", util::join(names, ", "), name,
                   near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
}

TempoRange held_out_tempos(Style style) {
  const TempoRange all = tempo_range(style);
  return {all.low + 0.55 * (all.high - all.low), all.low + 0.75 * (all.high - all.low)};
}

std::vector<TakeSpec> corpus(Preset preset, std::uint64_t seed, const std::vector<Style>& styles,
                             const DanceOptions& dance) {
  const Size& size = kSizes[static_cast<std::size_t>(preset)];
  std::vector<Style> used = styles;
  if (used.empty()) {
    used =
        size.every_style ? std::vector<Style>(kAllStyles.begin(), kAllStyles.end()) : std::vector<Style>{Style::kKpop};
  }
  std::vector<TakeSpec> takes;
  std::vector<int> numbers(kAllStyles.size(), 0);
  for (int i = 0; i < size.train + size.test; ++i) {
    const int within = i < size.train ? i : i - size.train;  // song of its part
    Plan plan;
    plan.style = used[static_cast<std::size_t>(within) % used.size()];
    plan.number = numbers[static_cast<std::size_t>(plan.style)]++;
    plan.split = i >= size.train ? "test" : i >= size.train - size.validation ? "val" : "train";
    plan.held_out_tempo = size.hold_tempos_out && i >= size.train && (within / static_cast<int>(used.size())) % 2 == 0;
    const std::size_t first = takes.size();
    add_takes(takes, plan, song_of(plan, seed, size.shortest, size.longest), size.dances, seed, dance);
    for (std::size_t take = first; take < takes.size() && size.filmed; ++take) {
      takes[take].puppet = i;
      takes[take].source = puppet_name(i);
    }
  }
  return takes;
}

}  // namespace stgmamba::synth
