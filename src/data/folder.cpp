// SPDX-License-Identifier: MIT
#include "data/folder.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;
using io::Json;

bool valid_id(const std::string& id) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !id.empty() && id.size() <= 200 && id.front() != '.' && std::all_of(id.begin(), id.end(), plain);
}

Json to_json(const TakeInfo& info) {
  Json row = {{"id", info.id},        {"source", info.source},   {"song", info.song},        {"style", info.style},
              {"start", info.start},  {"seconds", info.seconds}, {"fps", info.fps},          {"frames", info.frames},
              {"files", info.hashes}, {"beats", info.beats},     {"sections", info.sections}};
  if (info.framing.width > 0) {
    const Framing& f = info.framing;
    row["person"] = info.person;
    row["framing"] = {{"kind", f.kind}, {"width", f.width}, {"height", f.height},  {"scale", f.scale},
                      {"left", f.left}, {"top", f.top},     {"stretch", f.stretch}};
  }
  return row;
}

TakeInfo take_from_json(const Json& row, const std::string& where) {
  TakeInfo info;
  try {
    info.id = row.at("id").get<std::string>();
    info.source = row.at("source").get<std::string>();
    info.song = row.value("song", std::string());
    info.style = row.at("style").get<std::string>();
    info.start = row.value("start", 0.0);
    info.seconds = row.at("seconds").get<double>();
    info.fps = row.at("fps").get<double>();
    info.frames = row.at("frames").get<std::int64_t>();
    info.hashes = row.value("files", std::map<std::string, std::string>());
    info.beats = row.value("beats", std::vector<double>());
    info.sections = row.value("sections", std::vector<double>());
    info.person = row.value("person", std::string());
    if (row.contains("framing")) {
      const Json& f = row.at("framing");
      info.framing = {f.at("width").get<int>(),          f.at("height").get<int>(), f.at("scale").get<double>(),
                      f.at("left").get<double>(),        f.at("top").get<double>(), f.value("stretch", 1.0),
                      f.value("kind", kFramings.front())};
    }
  } catch (const Json::exception& error) {
    throw DataError("{}: not the row of a take ({}); run `stg_data check` on the folder, then make it again", where,
                    error.what());
  }
  if (!valid_id(info.id)) {
    throw DataError("{}: id must be letters, digits, '_', '-' or '.', got '{}'", where, info.id);
  }
  if (!(info.seconds > 0 && info.fps > 0 && info.frames > 0 && std::isfinite(info.seconds * info.fps))) {
    throw DataError("{}: seconds, fps and frames of '{}' must be positive, got {}, {} and {}", where, info.id,
                    info.seconds, info.fps, info.frames);
  }
  return info;
}

std::vector<TakeInfo> read_index(const fs::path& folder) {
  const fs::path path = folder / kIndexFile;
  std::vector<TakeInfo> takes;
  for (const Json& row : io::read_json_lines(path)) {
    takes.push_back(take_from_json(row, fmt::format("{}: row {}", path.string(), takes.size() + 1)));
  }
  return takes;
}

Splits read_splits(const fs::path& folder) {
  Splits splits;
  if (!fs::is_directory(folder / kSplitsFolder)) {
    return splits;
  }
  for (const auto& entry : fs::directory_iterator(folder / kSplitsFolder)) {
    if (entry.path().extension() != ".txt") {
      continue;
    }
    std::vector<std::string>& ids = splits[entry.path().stem().string()];
    std::istringstream text(util::read_text(entry.path()));
    for (std::string line; std::getline(text, line);) {
      if (!line.empty() && line.back() == '\r') {
        line.pop_back();  // a list edited on Windows
      }
      if (!line.empty()) {
        ids.push_back(line);
      }
    }
  }
  return splits;
}

std::set<std::string> held_out_ends(const std::vector<TakeInfo>& takes) {
  std::map<std::string, std::string> source_of;
  for (const TakeInfo& info : takes) {
    source_of[info.id] = info.source;
  }
  std::set<std::string> sources;
  for (const auto& [id, source] : source_of) {
    const auto end = source_of.find(id + kTail);
    if (end != source_of.end() && end->second == source) {
      sources.insert(source);
    }
  }
  return sources;
}

std::string split_text(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    text += id + "\n";
  }
  return text;
}

}  // namespace stgmamba::data
