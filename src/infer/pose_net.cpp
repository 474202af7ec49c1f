// SPDX-License-Identifier: MIT
// PoseNet, one person: the best cell of each joint's heat map, moved by its offset.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "stgmamba/infer/photo_pose.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "infer/mat_view.hpp"

namespace stgmamba::infer {
namespace {

constexpr int kInput = 257, kCoco = 17;
constexpr double kLeastScore = 0.3;  // of a joint
constexpr int kLeastJoints = 6;
constexpr double kSamePlace = 0.02;  // of the person's box
using Points = std::vector<float>;   // [17, 3] x, y, score in the picture's pixels

class PoseNet {
 public:
  explicit PoseNet(const std::filesystem::path& path) : name_(path.string()) {
    try {
      net_ = cv::dnn::readNetFromONNX(name_);
    } catch (const cv::Exception& error) {
      throw DataError("{}: not an ONNX network that OpenCV can read: {}", name_, error.err);
    }
  }

  /// Joints of the person in `box`, which may reach beyond the picture (black there).
  Points find(const cv::Mat& rgb, const cv::Rect2d& box) {
    const double side = std::max(box.width, box.height);
    const double scale = (kInput - 1) / side;
    const double left = box.x + (box.width - side) / 2, top = box.y + (box.height - side) / 2;
    const cv::Matx23d to_input(scale, 0, -scale * left, 0, scale, -scale * top);
    cv::Mat input;
    cv::warpAffine(rgb, input, to_input, {kInput, kInput}, cv::INTER_AREA, cv::BORDER_CONSTANT, {127, 127, 127});
    net_.setInput(cv::dnn::blobFromImage(input, 1.0 / 127.5, {}, {127.5, 127.5, 127.5}));
    std::vector<cv::Mat> outputs;
    try {
      net_.forward(outputs, net_.getUnconnectedOutLayersNames());
    } catch (const cv::Exception& error) {
      throw DataError("{}: does not run on a picture of {}x{}: {}", name_, kInput, kInput, error.err);
    }
    const auto [heat, offset] = heads(outputs);
    Points points = decode(heat, offset);
    for (int joint = 0; joint < kCoco; ++joint) {
      float* point = &points[static_cast<std::size_t>(joint) * 3];
      point[0] = static_cast<float>(point[0] / scale + left);
      point[1] = static_cast<float>(point[1] / scale + top);
    }
    return points;
  }

 private:
  struct Heads {
    cv::Mat heat, offset;  // [1, 17, h, w] and [1, 34, h, w]
  };

  Heads heads(const std::vector<cv::Mat>& outputs) const {
    Heads found;
    for (const cv::Mat& output : outputs) {
      if (output.dims == 4 && output.size[1] == kCoco) {
        found.heat = output;
      } else if (output.dims == 4 && output.size[1] == 2 * kCoco && found.offset.empty()) {
        found.offset = output;
      }
    }
    if (found.heat.empty() || found.offset.empty() || found.heat.size[2] < 2) {
      throw DataError("{}: must be a PoseNet with heat maps [1, 17, h, w] and offsets [1, 34, h, w]", name_);
    }
    return found;
  }

  /// The best cell of a joint, or the best that is not next to `taken`.
  static int best_cell(const cv::Mat& heat, int joint, int taken = -1) {
    const int columns = heat.size[3], count = heat.size[2] * columns;
    const auto* cells = heat.ptr<float>(0, joint);
    int best = -1;
    for (int cell = 0; cell < count; ++cell) {
      const bool near = taken >= 0 && std::abs(cell / columns - taken / columns) <= 1 &&
                        std::abs(cell % columns - taken % columns) <= 1;
      best = !near && (best < 0 || cells[cell] > cells[best]) ? cell : best;
    }
    return best;
  }

  static double score_at(const cv::Mat& heat, int joint, int cell) {
    return 1.0 / (1.0 + std::exp(-heat.ptr<float>(0, joint)[cell]));
  }

  static double cell_distance(int a, int b, int columns) {
    return std::hypot(a / columns - b / columns, a % columns - b % columns);
  }

  /// Right and left often both settle on the clearer of two feet. The better second choice is the other one's place,
  /// and of a hand or foot that the nearer elbow or knee has it.
  static void part_pairs(const cv::Mat& heat, std::array<int, kCoco>& cells) {
    const int columns = heat.size[3];
    for (std::size_t left = 5; left + 1 < kCoco; left += 2) {  // shoulders, elbows, wrists, hips, knees, ankles
      const int a = cells[left], b = cells[left + 1];
      if (std::abs(a / columns - b / columns) > 1 || std::abs(a % columns - b % columns) > 1) {
        continue;
      }
      const int joint = static_cast<int>(left);
      const int other_a = best_cell(heat, joint, b), other_b = best_cell(heat, joint + 1, a);
      const double score_a = score_at(heat, joint, other_a), score_b = score_at(heat, joint + 1, other_b);
      if (std::max(score_a, score_b) < kLeastScore) {
        continue;
      }
      (score_a >= score_b ? cells[left] : cells[left + 1]) = score_a >= score_b ? other_a : other_b;
      if (left == 5 || left == 11) {  // shoulders and hips hang on nothing
        continue;
      }
      int& l = cells[left];
      int& r = cells[left + 1];
      const int on_l = cells[left - 2], on_r = cells[left - 1];
      if (cell_distance(l, on_r, columns) + cell_distance(r, on_l, columns) <
          cell_distance(l, on_l, columns) + cell_distance(r, on_r, columns)) {
        std::swap(l, r);
      }
    }
  }

  static Points decode(const cv::Mat& heat, const cv::Mat& offset) {
    const int columns = heat.size[3];
    const double stride = static_cast<double>(kInput - 1) / (heat.size[2] - 1);
    std::array<int, kCoco> cells{};
    for (int joint = 0; joint < kCoco; ++joint) {
      cells[static_cast<std::size_t>(joint)] = best_cell(heat, joint);
    }
    part_pairs(heat, cells);
    Points points;
    for (int joint = 0; joint < kCoco; ++joint) {
      const int cell = cells[static_cast<std::size_t>(joint)];
      const double y = cell / columns * stride + offset.ptr<float>(0, joint)[cell];
      const double x = cell % columns * stride + offset.ptr<float>(0, joint + kCoco)[cell];
      points.insert(points.end(),
                    {static_cast<float>(x), static_cast<float>(y), static_cast<float>(score_at(heat, joint, cell))});
    }
    return points;
  }

  std::string name_;
  cv::dnn::Net net_;
};

/// The joints' box, wider by a quarter on each side: room for hands and feet. Empty when hardly anybody is there.
cv::Rect2d around(const Points& points) {
  std::vector<cv::Point2f> seen;
  for (std::size_t joint = 0; joint < kCoco; ++joint) {
    if (static_cast<double>(points[3 * joint + 2]) >= kLeastScore) {
      seen.emplace_back(points[3 * joint], points[3 * joint + 1]);
    }
  }
  if (static_cast<int>(seen.size()) < kLeastJoints) {
    return {};
  }
  cv::Rect2d box = cv::boundingRect(seen);
  const double margin = 0.25 * std::max(box.width, box.height);
  return {box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin};
}

/// Two hands or feet in one place: the one farther from its own elbow or knee is not seen.
void drop_doubles(Points& points, double size) {
  const auto at = [&](std::size_t joint) { return cv::Point2f(points[3 * joint], points[3 * joint + 1]); };
  for (const std::size_t left : {std::size_t{7}, std::size_t{9}, std::size_t{13}, std::size_t{15}}) {
    if (cv::norm(at(left) - at(left + 1)) < kSamePlace * size) {
      const bool drop_left = cv::norm(at(left) - at(left - 2)) > cv::norm(at(left + 1) - at(left - 1));
      points[3 * (drop_left ? left : left + 1) + 2] = 0.0F;
    }
  }
}

}  // namespace

PhotoPose detect_photo_pose(const std::filesystem::path& model, const media::Image& photo) {
  if (!std::filesystem::is_regular_file(model)) {
    throw DataError("{}: no such pose network", model.string());
  }
  PoseNet net(model);
  const cv::Mat rgb = mat_view(photo);
  Points points = net.find(rgb, {0.0, 0.0, static_cast<double>(rgb.cols), static_cast<double>(rgb.rows)});
  cv::Rect2d box = around(points);
  if (!box.empty()) {  // once more, where the person fills the input
    points = net.find(rgb, box);
    box = around(points);
  }
  if (box.empty()) {
    throw DataError("{}: finds nobody in the picture; give the joints with --image-pose", model.string());
  }
  drop_doubles(points, std::max(box.width, box.height));
  for (std::size_t joint = 0; joint < kCoco; ++joint) {
    points[3 * joint + 2] = static_cast<double>(points[3 * joint + 2]) < kLeastScore ? 0.0F : points[3 * joint + 2];
  }
  const std::vector<float> joints = skeleton::to_openpose18(points, skeleton::Layout::kCoco17);
  PhotoPose pose;
  for (std::size_t v = 0; v < skeleton::kJoints; ++v) {
    if (joints[3 * v + 2] > 0.0F) {
      pose.at[v] = {joints[3 * v], joints[3 * v + 1]};
      pose.score[v] = joints[3 * v + 2];
    }
  }
  return pose;
}

}  // namespace stgmamba::infer
