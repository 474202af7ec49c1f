// SPDX-License-Identifier: MIT
// What all importers share: they hand takes over one by one and keep a report.
#pragma once

#include <string>
#include <vector>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/import.hpp"

namespace stgmamba::data {

/// Letters, digits, '_', '-' and '.' stay, everything else becomes '_'.
std::string as_id(const std::string& text);
/// Throws UsageError with the nearest style.
void require_style(const std::string& style);
media::Audio silence(double seconds);
/// The card's notice where takes hold silence.
inline constexpr const char* kSilentNotice =
    "SILENT: takes without music hold digital silence and teach nothing about music";

/// Collects takes into a folder and keeps the report.
class Importer {
 public:
  /// `origin` stands on the card where the user states none; `notice` stands behind either.
  Importer(const ImportOptions& options, const std::string& origin, const std::string& notice = {});

  ImportReport& report() { return report_; }
  void skip(const std::string& where, const std::string& why) { report_.skipped.push_back(where + ": " + why); }
  /// True when few enough joints are missing; otherwise the piece is named and left out.
  bool seen_enough(const std::string& where, const skeleton::Motion& motion);
  /// Cuts sound and poses to the time they share and writes the take.
  void add(Take&& take);
  /// Splits, and puts the folder in place. Throws DataError when nothing came.
  ImportReport finish();

 private:
  ImportOptions options_;
  DatasetWriter writer_;
  std::vector<TakeInfo> takes_;
  ImportReport report_;
};

}  // namespace stgmamba::data
