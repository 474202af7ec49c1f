// SPDX-License-Identifier: MIT
#include <algorithm>

#include "stgmamba/data/loader.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::data {
namespace {

void read(config::Section section, AugmentConfig& config) {
  section.read("offset", config.offset);
  section.read("gain_db", config.gain_db, {.min = 0, .max = 40});
  section.read("equaliser_db", config.equaliser_db, {.min = 0, .max = 40});
  section.read("noise", config.noise, {.min = 0, .max = 1});
  section.read("stretch", config.stretch, {.min = 0, .max = 0.5});
  section.read("mirror", config.mirror, {.min = 0, .max = 1});
}

}  // namespace

void read(config::Section section, DataConfig& config) {
  section.read("root", config.root);
  section.read("styles", config.styles);
  for (const std::string& style : config.styles) {
    if (std::find(kStyles.begin(), kStyles.end(), style) == kStyles.end()) {
      const std::string near = util::nearest(style, kStyles);
      throw ConfigError("{}: every item of 'data.styles' must be one of {}, got '{}'{}", section.where("styles"),
                        util::join(kStyles, ", "), style, near.empty() ? "" : " (did you mean '" + near + "'?)");
    }
  }
  section.read("frames", config.frames, {.min = 2, .max = 36000});
  section.read("batch_size", config.batch_size, {.min = 1, .max = 65536});
  section.read("epoch_samples", config.epoch_samples, {.min = 0});
  if (config.epoch_samples > 0 && config.epoch_samples < config.batch_size) {
    throw ConfigError("{}: 'data.epoch_samples' must be 0 or at least data.batch_size ({}), got {}",
                      section.where("epoch_samples"), config.batch_size, config.epoch_samples);
  }
  section.read("workers", config.workers, {.min = 0, .max = 256});
  section.read("prefetch", config.prefetch, {.min = 1, .max = 1024});
  section.read("cache_mb", config.cache_mb, {.min = 0, .max = 1 << 24});
  section.read("beats", config.beats, kBeatChoices);
  read(section.section("augment"), config.augment);
}

}  // namespace stgmamba::data
