// An interface that two plugins share under one name, in versions that nobody has told apart.
#pragma once

#ifndef SCORE
#define SCORE 1
#endif

#define SCORE_TEXT_OF(number) "1." #number ".0"
#define SCORE_TEXT(number) SCORE_TEXT_OF(number)

namespace shared {

constexpr const char* version_text = SCORE_TEXT(SCORE);

struct Note {
    int points = 0;
#if SCORE == 4
    int weight = 1;
#endif
};

struct Score {
    static constexpr const char* name = "shared.score/1";
    virtual void reset() = 0;
#if SCORE == 2
    virtual int add(long points) = 0;
#else
    virtual int add(int points) = 0;
#endif
    virtual void note(const Note& note) = 0;
#if SCORE == 3
    virtual int best() = 0;
#endif

protected:
    ~Score() = default;
};

}  // namespace shared
