// SPDX-License-Identifier: MIT
#include "infer/person_mask.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace stgmamba::infer {
namespace {

constexpr int kWorkSide = 560;  // pixels of the longer side in which GrabCut works
constexpr int kIterations = 4;
constexpr float kAlike = 13.0F;  // levels of each channel: no difference to the background beside
constexpr float kSolid = 0.97F;  // opacity from which a pixel shows the person alone
// Distance to the nearest bone in that bone's radii.
constexpr double kSure = 0.45, kProbable = 1.0, kPossible = 2.6;

/// Distance of every pixel of `area` to the body, in radii of the nearest part.
cv::Mat distance_in_radii(const BodyShape& body, const cv::Rect& area, double scale, cv::Size size) {
  const std::vector<Bone> bones = bones_of(body);
  std::vector<cv::Point2f> torso;
  for (const cv::Point2d& corner : torso_outline(body, -0.03 * body.metre)) {
    torso.emplace_back(corner);
  }
  cv::Mat out(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Point2d p(area.x + (x + 0.5) / scale - 0.5, area.y + (y + 0.5) / scale - 0.5);
      double least = std::max(0.0, -cv::pointPolygonTest(torso, cv::Point2f(p), true)) / (0.07 * body.metre);
      for (const Bone& bone : bones) {
        least = std::min(least, distance_to_segment(p, bone.from, bone.to) / bone.radius);
      }
      out.at<float>(y, x) = static_cast<float>(least);
    }
  }
  return out;
}

/// Where the person can be, and a margin of sure background for GrabCut to learn from.
cv::Rect search_area(const BodyShape& body, cv::Size size) {
  double left = size.width, top = size.height, right = 0, bottom = 0;
  for (const Bone& bone : bones_of(body)) {
    const double reach = kPossible * bone.radius + 0.15 * body.metre;
    for (const cv::Point2d& p : {bone.from, bone.to}) {
      left = std::min(left, p.x - reach);
      top = std::min(top, p.y - reach);
      right = std::max(right, p.x + reach);
      bottom = std::max(bottom, p.y + reach);
    }
  }
  return cv::Rect(cv::Point(static_cast<int>(left), static_cast<int>(top)),
                  cv::Point(static_cast<int>(right), static_cast<int>(bottom))) &
         cv::Rect({}, size);
}

/// GrabCut in one band of rows: colours are learnt apart in each, so that white shoes do not make white walls a person.
void segment(const cv::Mat& rgb, cv::Mat seeds) {
  const auto count = [&](int kind) { return cv::countNonZero(seeds == kind); };
  if (count(cv::GC_FGD) + count(cv::GC_PR_FGD) < 10 || count(cv::GC_BGD) + count(cv::GC_PR_BGD) < 10) {
    return;
  }
  cv::Mat background, foreground;
  cv::setRNGSeed(1);  // GrabCut's k-means starts from OpenCV's generator
  cv::grabCut(rgb, seeds, {}, background, foreground, kIterations, cv::GC_INIT_WITH_MASK);
}

/// Takes back what looks like the background right beside it: GrabCut knows colours, but not where they belong.
void drop_background(const cv::Mat& rgb, cv::Mat& person, const cv::Mat& radii, double sigma) {
  cv::Mat away, weight, values, sum;
  cv::bitwise_not(person, away);
  away.convertTo(weight, CV_32F, 1.0 / 255.0);
  rgb.convertTo(values, CV_32FC3);
  cv::Mat weight3;
  cv::merge(std::vector<cv::Mat>(3, weight), weight3);
  cv::GaussianBlur(values.mul(weight3), sum, {}, sigma);
  cv::GaussianBlur(weight3, weight3, {}, sigma);
  const cv::Mat local = sum / cv::max(weight3, 1e-3);
  for (int y = 0; y < person.rows; ++y) {
    for (int x = 0; x < person.cols; ++x) {
      const cv::Vec3f d = values.at<cv::Vec3f>(y, x) - local.at<cv::Vec3f>(y, x);
      const float most = std::max({std::abs(d[0]), std::abs(d[1]), std::abs(d[2])});
      if (radii.at<float>(y, x) >= kSure && most < kAlike) {
        person.at<std::uint8_t>(y, x) = 0;
      }
    }
  }
}

/// Rows at which the upper body, the legs and the feet part; all inside [0, rows].
std::vector<int> bands(const BodyShape& body, const cv::Rect& area, double scale, int rows) {
  std::vector<int> edges = {0};
  const double hips = body.hip_middle().y;
  const double feet = std::isnan(body.floor) ? INFINITY : body.floor - 0.08 * body.metre;
  for (const double y : {hips + 0.1 * body.metre, feet}) {
    const double row = (y - area.y) * scale;
    if (row > edges.back() + 12 && row < rows - 12) {
      edges.push_back(static_cast<int>(row));
    }
  }
  edges.push_back(rows);
  return edges;
}

/// Parts that hang together with the bones; crumbs elsewhere are background.
void keep_connected(cv::Mat& person, const cv::Mat& radii) {
  cv::Mat labels;
  const int count = cv::connectedComponents(person, labels, 8, CV_32S);
  std::vector<char> kept(static_cast<std::size_t>(count), 0);
  for (int y = 0; y < person.rows; ++y) {
    for (int x = 0; x < person.cols; ++x) {
      if (radii.at<float>(y, x) < kSure) {
        kept[static_cast<std::size_t>(labels.at<int>(y, x))] = 1;
      }
    }
  }
  kept[0] = 0;
  for (int y = 0; y < person.rows; ++y) {
    for (int x = 0; x < person.cols; ++x) {
      person.at<std::uint8_t>(y, x) = kept[static_cast<std::size_t>(labels.at<int>(y, x))] != 0 ? 255 : 0;
    }
  }
}

/// The guided filter (He et al. 2010) with a grey guide: `mask` follows the edges of the picture within `radius`.
cv::Mat follow_edges(const cv::Mat& rgb, const cv::Mat& mask, int radius) {
  constexpr double kEpsilon = 1e-3;  // of squared brightness in [0, 1]
  cv::Mat guide;
  cv::cvtColor(rgb, guide, cv::COLOR_RGB2GRAY);
  guide.convertTo(guide, CV_32F, 1.0 / 255.0);
  const auto mean = [radius](const cv::Mat& m) {
    cv::Mat out;
    cv::blur(m, out, {2 * radius + 1, 2 * radius + 1}, {-1, -1}, cv::BORDER_REFLECT);
    return out;
  };
  const cv::Mat mean_guide = mean(guide), mean_mask = mean(mask);
  const cv::Mat covariance = mean(guide.mul(mask)) - mean_guide.mul(mean_mask);
  const cv::Mat variance = mean(guide.mul(guide)) - mean_guide.mul(mean_guide);
  const cv::Mat slope = covariance / (variance + kEpsilon);
  const cv::Mat rest = mean_mask - slope.mul(mean_guide);
  return mean(slope).mul(guide) + mean(rest);
}

}  // namespace

cv::Mat person_mask(const cv::Mat& rgb, const BodyShape& body) {
  const cv::Rect area = search_area(body, rgb.size());
  cv::Mat out = cv::Mat::zeros(rgb.size(), CV_32F);
  if (area.width < 8 || area.height < 8) {
    return out;
  }
  const double scale = std::min(1.0, static_cast<double>(kWorkSide) / std::max(area.width, area.height));
  const cv::Size size(static_cast<int>(std::lround(area.width * scale)),
                      static_cast<int>(std::lround(area.height * scale)));
  cv::Mat small;
  cv::resize(rgb(area), small, size, 0, 0, cv::INTER_AREA);
  const cv::Mat radii = distance_in_radii(body, area, scale, size);
  cv::Mat seeds(size, CV_8U, cv::Scalar(cv::GC_BGD));
  seeds.setTo(cv::GC_PR_BGD, radii < kPossible);
  seeds.setTo(cv::GC_PR_FGD, radii < kProbable);
  seeds.setTo(cv::GC_FGD, radii < kSure);
  const std::vector<int> edges = bands(body, area, scale, size.height);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    segment(small.rowRange(edges[i], edges[i + 1]), seeds.rowRange(edges[i], edges[i + 1]));
  }
  cv::Mat person = (seeds & 1) * 255;
  drop_background(small, person, radii, 0.08 * body.metre * scale);
  const int close = std::max(1, static_cast<int>(std::lround(0.008 * body.metre * scale)));
  const cv::Mat disc = cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * close + 1, 2 * close + 1});
  cv::morphologyEx(person, person, cv::MORPH_CLOSE, disc);
  cv::morphologyEx(person, person, cv::MORPH_OPEN, disc);
  keep_connected(person, radii);
  cv::Mat mask;
  cv::resize(person, mask, area.size(), 0, 0, cv::INTER_LINEAR);
  mask.convertTo(mask, CV_32F, 1.0 / 255.0);
  cv::GaussianBlur(mask, mask, {}, std::max(0.8, 0.006 * body.metre));  // steps of the coarse grid
  const int radius = std::max(2, static_cast<int>(std::lround(0.012 * body.metre)));
  cv::Mat fine = follow_edges(rgb(area), mask, radius);
  fine = (fine - 0.35) / 0.4;  // the filter's tails are haze
  cv::min(cv::max(fine, 0.0), 1.0, fine);
  fine.copyTo(out(area));
  return out;
}

cv::Mat carry_colours_outwards(const cv::Mat& rgb, const cv::Mat& mask, double edge) {
  cv::Mat inner = mask > kSolid;
  const int width = std::max(1, static_cast<int>(std::lround(edge)));
  cv::erode(inner, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * width + 1, 2 * width + 1}));
  cv::Mat out = rgb.clone();
  if (cv::countNonZero(inner) == 0) {
    return out;
  }
  cv::Mat distance, labels;
  cv::distanceTransform(255 - inner, distance, labels, cv::DIST_L2, cv::DIST_MASK_5, cv::DIST_LABEL_PIXEL);
  double most = 0;
  cv::minMaxLoc(labels, nullptr, &most);
  std::vector<cv::Vec3b> colour(static_cast<std::size_t>(most) + 1);
  for (int y = 0; y < rgb.rows; ++y) {
    for (int x = 0; x < rgb.cols; ++x) {
      if (inner.at<std::uint8_t>(y, x) != 0) {
        colour[static_cast<std::size_t>(labels.at<int>(y, x))] = rgb.at<cv::Vec3b>(y, x);
      }
    }
  }
  for (int y = 0; y < rgb.rows; ++y) {
    for (int x = 0; x < rgb.cols; ++x) {
      if (mask.at<float>(y, x) <= kSolid) {
        out.at<cv::Vec3b>(y, x) = colour[static_cast<std::size_t>(labels.at<int>(y, x))];
      }
    }
  }
  return out;
}

}  // namespace stgmamba::infer
