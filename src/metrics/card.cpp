// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/card.hpp"

#include <fmt/format.h>

#include "stgmamba/util/text.hpp"

namespace stgmamba::metrics {

namespace {

/// "i3d_torchscript.pt 3fa...", or "none".
std::string files_text(const MetricCard& card) {
  std::vector<std::string> parts;
  for (const auto& [name, hash] : card.files) {
    parts.push_back(name + " " + hash);
  }
  return parts.empty() ? "none" : util::join(parts, ", ");
}

}  // namespace

std::string direction_text(Direction direction) {
  switch (direction) {
    case Direction::kHigher:
      return "higher is better";
    case Direction::kLower:
      return "lower is better";
    case Direction::kAsReal:
      break;
  }
  return "as the real dances";
}

std::string difference(const MetricCard& a, const ScoreSample& a_sample, const MetricCard& b,
                       const ScoreSample& b_sample) {
  if (a.name != b.name) {
    return fmt::format("{} against {}", a.name, b.name);
  }
  if (a.version != b.version) {
    return fmt::format("{}: version {} against {}", a.name, a.version, b.version);
  }
  for (const auto* constants : {&a.constants, &b.constants}) {
    for (const auto& [name, unused] : *constants) {
      const auto at = a.constants.find(name), other = b.constants.find(name);
      if (at == a.constants.end() || other == b.constants.end()) {
        return fmt::format("{}: only one of them has a {}", a.name, name);
      }
      if (at->second != other->second) {
        return fmt::format("{}: {} {:g} against {:g}", a.name, name, at->second, other->second);
      }
    }
  }
  if (a.files != b.files) {
    return fmt::format("{}: other network files ({} against {})", a.name, files_text(a), files_text(b));
  }
  if (a_sample.data != b_sample.data) {
    return fmt::format("{}: taken on other data ({} against {})", a.name, a_sample.data, b_sample.data);
  }
  if (a_sample.clips != b_sample.clips) {
    return fmt::format("{}: taken on {} clips against {}", a.name, a_sample.clips, b_sample.clips);
  }
  return "";
}

std::string card_text(const MetricCard& card, const ScoreSample& sample) {
  std::string text =
      fmt::format("{}  {}, version {}\n  {}\n  {}{}{}\n", card.name, card.title, card.version, card.definition,
                  direction_text(card.direction), card.unit.empty() ? "" : "; in ", card.unit);
  std::vector<std::string> parts;
  for (const auto& [name, value] : card.constants) {
    parts.push_back(fmt::format("{} {:g}", name, value));
  }
  if (!parts.empty()) {
    text += fmt::format("  constants: {}\n", util::join(parts, ", "));
  }
  if (!card.files.empty()) {
    text += fmt::format("  networks: {}\n", files_text(card));
  }
  parts.clear();
  for (const std::uint64_t seed : sample.seeds) {
    parts.push_back(std::to_string(seed));
  }
  text +=
      fmt::format("  {} {}, data {}; seeds {}; {:g} % interval from {} replicates over {}\n", sample.clips, sample.what,
                  sample.data, util::join(parts, ", "), 100.0 * sample.level, sample.replicates, sample.drawn);
  return text;
}

}  // namespace stgmamba::metrics
